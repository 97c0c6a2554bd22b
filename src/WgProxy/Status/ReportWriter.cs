using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.History;
using WgProxy.Hosting;

namespace WgProxy.Status;

/// <summary>
/// Writes reports that have many rows, straight from the numbers into the bytes of an answer. Objects for the rows would be the garbage of every
/// request: 4 KB for a server. Their form is that of the reports, which readers of the same program take them for, and a test compares the two.
/// </summary>
internal static class ReportWriter
{
    // An IPv6 address with a zone, brackets and a port.
    private const int LongestEndPoint = 96;

    private static readonly string[] ProofNames = Enum.GetNames<Proof>();
    private static readonly string[] VerdictNames = Enum.GetNames<Verdict>();

    /// <summary>Begins a report. The caller disposes of the writer before the bytes are used.</summary>
    public static Utf8JsonWriter Begin(AnswerBytes bytes, DateTimeOffset now)
    {
        Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Encoder = StatusJson.Encoder, SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("now"u8, now);
        return json;
    }

    /// <summary>The name of a verdict.</summary>
    public static string NameOf(Verdict verdict) => VerdictNames[(int)verdict];

    /// <summary>The name of a proof.</summary>
    public static string NameOf(Proof proof) => ProofNames[(int)proof];

    /// <summary>Writes a number, or that there is none.</summary>
    public static void WriteNumber(this Utf8JsonWriter json, ReadOnlySpan<byte> name, double? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>Writes an instant, or that there is none.</summary>
    public static void WriteInstant(this Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? instant)
    {
        if (instant is { } value)
        {
            json.WriteString(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>Writes a key.</summary>
    public static void WriteKey(this Utf8JsonWriter json, ReadOnlySpan<byte> name, PublicKey key)
    {
        Span<byte> text = stackalloc byte[Base64.GetMaxEncodedToUtf8Length(WireGuard.PublicKeySize)];
        _ = Base64.EncodeToUtf8(key.Bytes, text, out _, out int written);
        json.WriteString(name, text[..written]);
    }

    /// <summary>Writes an address and port, as <see cref="IPEndPoint.ToString"/> does; null if there are none.</summary>
    public static void WriteEndPoint(this Utf8JsonWriter json, ReadOnlySpan<byte> name, IPEndPoint? endPoint)
    {
        json.WritePropertyName(name);
        if (endPoint is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteEndPoint(endPoint.Address, endPoint.Port);
        }
    }

    /// <summary>Writes an address and port.</summary>
    public static void WriteEndPoint(this Utf8JsonWriter json, IPAddress address, int port)
    {
        Span<byte> text = stackalloc byte[LongestEndPoint];
        bool hasBrackets = address.AddressFamily == AddressFamily.InterNetworkV6;
        int length = 0;
        if (hasBrackets)
        {
            text[length++] = (byte)'[';
        }

        _ = address.TryFormat(text[length..], out int written);
        length += written;
        if (hasBrackets)
        {
            text[length++] = (byte)']';
        }

        text[length++] = (byte)':';
        _ = Utf8Formatter.TryFormat(port, text[length..], out written);
        json.WriteStringValue(text[..(length + written)]);
    }

    /// <summary>Writes an address.</summary>
    public static void WriteAddress(this Utf8JsonWriter json, ReadOnlySpan<byte> name, IPAddress address)
    {
        Span<byte> text = stackalloc byte[LongestEndPoint];
        _ = address.TryFormat(text, out int written);
        json.WriteString(name, text[..written]);
    }

    /// <summary>Writes a server's mappings.</summary>
    public static void WriteMappings(this Utf8JsonWriter json, RouteCounters counters)
    {
        long all = 0;
        for (Proof proof = Proof.None + 1; (int)proof < ProofNames.Length; proof++)
        {
            all += counters[proof];
        }

        json.WriteStartObject("mappings"u8);
        json.WriteNumber("all"u8, all);
        json.WriteStartObject("by_proof"u8);
        for (Proof proof = Proof.None + 1; (int)proof < ProofNames.Length; proof++)
        {
            json.WriteNumber(NameOf(proof), counters[proof]);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes a server's traffic.</summary>
    public static void WriteTraffic(this Utf8JsonWriter json, RouteCounters counters, Direction direction, RateNow? rate)
    {
        bool isUplink = direction == Direction.Uplink;
        long dropped = 0;
        for (Verdict verdict = Verdict.Open + 1; (int)verdict < VerdictNames.Length; verdict++)
        {
            dropped += counters[direction, verdict];
        }

        json.WriteStartObject(isUplink ? "uplink"u8 : "downlink"u8);
        json.WriteNumber("datagrams"u8, counters[direction, Verdict.Forward] + counters[direction, Verdict.Open]);
        json.WriteNumber("bytes"u8, counters.ForwardedBytes(direction));
        json.WriteNumber("dropped"u8, dropped);
        json.WriteNumber("bytes_per_second"u8, Rounded(isUplink ? rate?.UplinkBytes : rate?.DownlinkBytes));
        json.WriteNumber("datagrams_per_second"u8, Rounded(isUplink ? rate?.UplinkDatagrams : rate?.DownlinkDatagrams));
        json.WriteEndObject();
    }

    /// <summary>Writes what passed in one direction.</summary>
    public static void WritePassed(this Utf8JsonWriter json, ReadOnlySpan<byte> name, long datagrams, long bytes)
    {
        json.WriteStartObject(name);
        json.WriteNumber("datagrams"u8, datagrams);
        json.WriteNumber("bytes"u8, bytes);
        json.WriteEndObject();
    }

    /// <summary>A rate with as many digits as it is shown with.</summary>
    public static double? Rounded(double? rate) => rate is { } number ? Math.Round(number, 1) : null;
}
