using WgProxy.Core.Protocol;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A key pair made by <c>wg</c>.</summary>
internal sealed record WireGuardKey(string Private, string Public)
{
    public static WireGuardKey New()
    {
        string key = Command.Run("wg", "genkey").Trim();
        return new WireGuardKey(key, Command.RunWithInput(key, "wg", "pubkey").Trim());
    }

    /// <summary>The public key as the program reads it.</summary>
    public PublicKey Parse()
    {
        Assert.True(PublicKey.TryParse(Public, out PublicKey? key, out string? error), error);
        return key;
    }
}
