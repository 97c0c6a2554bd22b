using System.Globalization;

namespace WgProxy.Configuration;

/// <summary>The keys that say how much data may pass: in [Server] for the server, and for each of its tunnels; in [Peer] for the peer.</summary>
internal static class RateKeys
{
    /// <summary>What a rate looks like.</summary>
    public const string Form = "bits per second from 8kbit to 400gbit, such as 50mbit, 2.5mbit or 1gbit, or unlimited";

    private const long Least = 8_000;
    private const long Most = 400_000_000_000;
    private const string None = "unlimited";

    // As tc(8) spells them: thousands, and bits unless "bps" says bytes, which is not taken here: one unit is enough.
    private static readonly (string Unit, decimal Bits)[] Units = [("kbit", 1_000), ("mbit", 1_000_000), ("gbit", 1_000_000_000), ("bit", 1)];

    private static readonly FileKey Rate = Key(
        nameof(Rate), None, "How much data may pass each way, by all tunnels of the server together. Handshakes and keepalives do not count.");

    private static readonly FileKey RateUp = Key(nameof(RateUp), "as Rate", "The rate from the clients to the server, in place of Rate.");
    private static readonly FileKey RateDown = Key(nameof(RateDown), "as Rate", "The rate from the server to the clients, in place of Rate.");
    private static readonly FileKey TunnelRate = Key(nameof(TunnelRate), None, "How much data each tunnel of the server may carry each way.");
    private static readonly FileKey TunnelRateUp = Key(nameof(TunnelRateUp), "as TunnelRate", "The rate from the client to the server, in place of TunnelRate.");
    private static readonly FileKey TunnelRateDown = Key(nameof(TunnelRateDown), "as TunnelRate", "The rate from the server to the client, in place of TunnelRate.");

    private static readonly FileKey PeerRate = Key(
        nameof(Rate), None, "How much data the peer may carry each way, by all of its tunnels together. Handshakes and keepalives do not count.");

    private static readonly FileKey PeerRateUp = Key(nameof(RateUp), "as Rate", "The rate from the peer to the server, in place of Rate.");
    private static readonly FileKey PeerRateDown = Key(nameof(RateDown), "as Rate", "The rate from the server to the peer, in place of Rate.");

    /// <summary>Those of [Server], in the order in which the documents list them.</summary>
    public static IReadOnlyList<FileKey> All { get; } = [Rate, RateUp, RateDown, TunnelRate, TunnelRateUp, TunnelRateDown];

    /// <summary>Those of [Peer], likewise.</summary>
    public static IReadOnlyList<FileKey> AllOfPeer { get; } = [PeerRate, PeerRateUp, PeerRateDown];

    /// <summary>The server's rate, as a section says.</summary>
    public static Core.Vocabulary.Rate Of(SectionReader reader) => Read(reader, Rate, RateUp, RateDown);

    /// <summary>The rate of each tunnel, as a section says.</summary>
    public static Core.Vocabulary.Rate OfTunnel(SectionReader reader) => Read(reader, TunnelRate, TunnelRateUp, TunnelRateDown);

    /// <summary>The rate of a peer, as its section says.</summary>
    public static Core.Vocabulary.Rate OfPeer(SectionReader reader) => Read(reader, PeerRate, PeerRateUp, PeerRateDown);

    private static Core.Vocabulary.Rate Read(SectionReader reader, FileKey both, FileKey up, FileKey down)
    {
        long standIn = Value(reader, both, 0);
        return new Core.Vocabulary.Rate(Value(reader, up, standIn), Value(reader, down, standIn));
    }

    private static long Value(SectionReader reader, FileKey key, long standIn) => reader.TryGet(key, out object? value) ? (long)value! : standIn;

    private static FileKey Key(string name, string standIn, string help) => new(name, standIn, Form, help, IsList: false, TryParse);

    // Bytes per second; 0 for as much as there is.
    private static bool TryParse(string text, out object? value, out string? refusal)
    {
        (value, refusal) = (0L, null);
        if (string.Equals(text, None, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        (string unit, decimal bits) = Units.FirstOrDefault(each => text.EndsWith(each.Unit, StringComparison.OrdinalIgnoreCase));
        if (unit is null
            || !decimal.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            || number > Most || number * bits is < Least or > Most)
        {
            return false;
        }

        value = (long)(number * bits / 8);
        return true;
    }
}
