using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

/// <summary>A handshake between two wireguard-go 0.0.20220316 with keys that nothing else ever used, captured between
/// them on loopback. The private keys are gone.</summary>
internal static class CapturedHandshake
{
    private const string InitiationHex =
        "01000000976b0eaaf042d207b19a60574c1ae23a6e3205df6d581cd48e1647bd1e5ff1e0fbe70b26bb52602b8fa6bf0817a88a8e"
        + "d531b2751e9ed98a7126b7c7efa7883a7d08f2cb7e9f8be9ef9da89513dee0c9c0d74fb4ea60621d1f824b27fe8948f51c21da9f"
        + "309849a9d5d9f27458436cc5ff61acdf3df57b2d62d3db82956b41c200000000000000000000000000000000";

    private const string ResponseHex =
        "020000002a233496976b0eaaecc821fafa28efd78678032e093c15d1ade6c38e900106f9ab42cbd363db2e39a374091a4fa5e599"
        + "48218d478084c73e91cbd0996db7e83938d79284653a3ed500000000000000000000000000000000";

    public static PublicKey Client => Key("g9vhV/9O0z2Sm5mYfaKPj9qXd9t2+JZOhoPYHr/Eaz4=");

    public static PublicKey Server => Key("fkkrvy6n5xo0Zddw3GCZEVz1VD/iGP4ynZCKyzFSO3A=");

    /// <summary>From the client; its mac1 is keyed with the server's key.</summary>
    public static byte[] Initiation => Convert.FromHexString(InitiationHex);

    /// <summary>From the server; its mac1 is keyed with the client's key.</summary>
    public static byte[] Response => Convert.FromHexString(ResponseHex);

    public static PublicKey Key(string text)
    {
        Assert.True(PublicKey.TryParse(text, out PublicKey? key, out string? error), error);
        return key;
    }
}
