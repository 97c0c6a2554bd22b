using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>Public keys that belong to nobody.</summary>
internal static class Keys
{
    public static readonly string Text = TextOf(1);

    public static Route Route() => new(Parse(Text));

    /// <summary>Another key for each number.</summary>
    public static string TextOf(int number) =>
        Convert.ToBase64String([.. BitConverter.GetBytes(number), .. Enumerable.Range(5, 28).Select(value => (byte)value)]);

    public static PublicKey Parse(string text)
    {
        Assert.True(PublicKey.TryParse(text, out PublicKey? key, out string? error), error);
        return key;
    }
}
