using System.Text.Json;
using WgProxy.Core.Routes;
using WgProxy.Hosting;

namespace WgProxy.Status;

/// <summary>Writes all clients that have names, a <see cref="PeersReport"/>.</summary>
/// <param name="room">The servers, and what is counted for their clients.</param>
/// <param name="names">What the clients are called.</param>
internal sealed class PeersPage(RoutesRoom room, IReadOnlyDictionary<RouteId, Names> names)
{
    /// <summary>Writes it.</summary>
    /// <param name="clock">The instant of the answer by the engine's clock.</param>
    /// <param name="now">The same by the wall's.</param>
    public AnswerBytes Write(Tick clock, DateTimeOffset now)
    {
        AnswerBytes bytes = new();
        using Utf8JsonWriter json = ReportWriter.Begin(bytes, now);
        json.WriteStartArray("peers"u8);
        for (int place = 0; place < room.Servers.Count; place++)
        {
            PeerList list = room.Peers[place];
            foreach (ref readonly PeerStatus peer in room.Figures.PeersAt(place))
            {
                WritePeer(json, names[room.Servers[place].Id], list, peer, clock, now);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return bytes;
    }

    private static void WritePeer(Utf8JsonWriter json, Names names, PeerList list, in PeerStatus peer, Tick clock, DateTimeOffset now)
    {
        double? age = peer.LastSeen == default ? null : Math.Max(0, clock - peer.LastSeen) / 1000.0;
        json.WriteStartObject();
        json.WriteString("server"u8, names.Server);
        if (names.PeerOf(peer.Peer) is { } name)
        {
            json.WriteString("name"u8, name);
        }
        else
        {
            json.WriteKey("name"u8, list.KeyOf(peer.Peer)!);
        }

        json.WriteKey("public_key"u8, list.KeyOf(peer.Peer)!);
        json.WriteNumber("mappings"u8, peer.Mappings);
        json.WriteNumber("handshakes"u8, peer.Handshakes);
        json.WritePassed("uplink"u8, peer.UplinkDatagrams, peer.UplinkBytes);
        json.WritePassed("downlink"u8, peer.DownlinkDatagrams, peer.DownlinkBytes);
        json.WriteInstant("last_seen"u8, age is { } seconds ? now.AddSeconds(-seconds) : null);
        json.WriteNumber("last_seen_seconds"u8, age);
        json.WriteEndObject();
    }
}
