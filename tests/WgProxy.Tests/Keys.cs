using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>A public key that belongs to nobody.</summary>
internal static class Keys
{
    public static readonly string Text = Convert.ToBase64String([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);

    public static Route Route()
    {
        Assert.True(PublicKey.TryParse(Text, out PublicKey? key, out string? error), error);
        return new Route(key);
    }
}
