using System.Net;
using System.Text.Json;
using WgProxy.Hosting;

namespace WgProxy.Status;

/// <summary>Writes a page of mappings, a <see cref="SessionsReport"/>.</summary>
/// <param name="names">What servers and clients are called.</param>
/// <param name="now">The instant of the answer.</param>
/// <param name="clock">The same by the engine's clock.</param>
internal sealed class SessionsPage(IReadOnlyDictionary<RouteId, Names> names, DateTimeOffset now, Tick clock)
{
    /// <summary>Writes it.</summary>
    public AnswerBytes Write(SessionsRoom room)
    {
        AnswerBytes bytes = new();
        using Utf8JsonWriter json = ReportWriter.Begin(bytes, now);
        json.WriteNumber("matching"u8, room.Matching);
        json.WriteNumber("next"u8, room.NextPage);
        json.WriteStartArray("sessions"u8);
        foreach (ref readonly MappingStatus mapping in room.Found)
        {
            Write(json, mapping);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return bytes;
    }

    private void Write(Utf8JsonWriter json, in MappingStatus mapping)
    {
        Names? of = names.GetValueOrDefault(mapping.Route);
        double? age = mapping.LastValid == default ? null : Math.Max(0, clock - mapping.LastValid) / 1000.0;
        double rest = Math.Max(0, mapping.Expires - clock) / 1000.0;
        json.WriteStartObject();
        json.WritePropertyName("client"u8);
        json.WriteEndPoint(mapping.Source.Address, mapping.Source.Port);
        if (mapping.Source.Local is var local && !local.Equals(IPAddress.IPv6Any))
        {
            json.WriteAddress("local_address"u8, local);
        }
        else
        {
            json.WriteNull("local_address"u8);
        }

        json.WriteNumber("local_port"u8, mapping.Source.LocalPort);
        json.WriteString("server"u8, of?.Server);
        json.WriteString("peer"u8, of?.PeerOf(mapping.Peer));
        json.WriteString("proof"u8, ReportWriter.NameOf(mapping.Proof));
        json.WriteNumber("upstream_port"u8, mapping.Port);
        json.WriteEndPoint("server_address"u8, mapping.Server);
        json.WriteNumber("uplink_bytes"u8, mapping.UplinkBytes);
        json.WriteNumber("downlink_bytes"u8, mapping.DownlinkBytes);
        json.WriteInstant("last_valid"u8, age is { } seconds ? now.AddSeconds(-seconds) : null);
        json.WriteNumber("last_valid_seconds"u8, age);
        json.WriteString("expires"u8, now.AddSeconds(rest));
        json.WriteNumber("expires_seconds"u8, rest);
        json.WriteBoolean("is_unanswered"u8, mapping.IsUnanswered);
        json.WriteEndObject();
    }
}
