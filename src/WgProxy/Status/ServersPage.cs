using System.Net;
using System.Text.Json;
using WgProxy.Configuration;
using WgProxy.Core.Routes;
using WgProxy.History;
using WgProxy.Hosting;
using WgProxy.Serving;

namespace WgProxy.Status;

/// <summary>Which servers are wanted.</summary>
/// <param name="Limit">How many at most.</param>
internal sealed record ServersQuestion(int Limit)
{
    /// <summary>The most that one answer holds: some 150 KB.</summary>
    public const int MostServers = 250;

    /// <summary>The number to begin at: what next of the page before says.</summary>
    public int From { get; init; }

    /// <summary>Only the server with this name; null for all.</summary>
    public string? Server { get; init; }
}

/// <summary>Writes a page of servers, a <see cref="ServersReport"/>.</summary>
/// <param name="room">The servers, and what is counted for them.</param>
/// <param name="history">What they carried in the last step; null if it is not kept.</param>
internal sealed class ServersPage(RoutesRoom room, RelayHistory? history)
{
    // A name has 253 characters at most (RFC 1123), and a port five.
    private const int LongestName = 260;

    /// <summary>Writes it.</summary>
    public AnswerBytes Write(ServersQuestion question, DateTimeOffset now)
    {
        AnswerBytes bytes = new();
        using Utf8JsonWriter json = ReportWriter.Begin(bytes, now);
        (int first, int end) = Places(question);
        if (end < room.Servers.Count && question.Server is null)
        {
            json.WriteNumber("next"u8, room.Servers[end].Id.Index);
        }
        else
        {
            json.WriteNull("next"u8);
        }

        json.WriteStartArray("servers"u8);
        for (int place = first; place < end; place++)
        {
            if (question.Server is null || string.Equals(room.Servers[place].Options.Name, question.Server, StringComparison.OrdinalIgnoreCase))
            {
                WriteServer(json, place);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return bytes;
    }

    // Pages begin with the numbers of routes, which stay the same while servers come and go. One name is looked for among all.
    private (int First, int End) Places(ServersQuestion question)
    {
        int count = room.Servers.Count, first = 0;
        while (first < count && room.Servers[first].Id.Index < question.From)
        {
            first++;
        }

        return (first, question.Server is null ? Math.Min(count, first + question.Limit) : count);
    }

    private void WriteServer(Utf8JsonWriter json, int place)
    {
        Served served = room.Servers[place];
        RouteCounters counters = room.Figures.CountersAt(place);
        RouteStatus status = room.Figures.StatusAt(place);
        RateNow? rate = history?.RateOf(served.Id);
        json.WriteStartObject();
        json.WriteString("name"u8, served.Options.Name);
        json.WriteKey("public_key"u8, served.Options.Key);
        WriteEndpoints(json, served);
        json.WriteEndPoint("endpoint_in_use"u8, status.InUse);
        json.WriteString("health"u8, HealthOf(served, counters));
        json.WriteBoolean("is_loaded"u8, status.IsLoaded);
        json.WriteMappings(counters);
        json.WriteNumber("handshakes"u8, counters.Handshakes);
        json.WriteTraffic(counters, Direction.Uplink, rate);
        json.WriteTraffic(counters, Direction.Downlink, rate);
        json.WriteNumber("peers"u8, served.Options.Peers.Count);
        json.WriteBoolean("peers_only"u8, served.Options.Settings.PeersOnly);
        json.WriteEndObject();
    }

    private static string HealthOf(Served served, RouteCounters counters) =>
        served.Route.Addresses.Count == 0 ? "unresolved"
        : served.Silence?.IsSilent == true ? "silent"
        : counters[Proof.Answered] + counters[Proof.Established] + counters[Proof.Confirmed] > 0 ? "answering" : "idle";

    private static void WriteEndpoints(Utf8JsonWriter json, Served served)
    {
        json.WriteStartArray("endpoints"u8);
        for (int i = 0; i <= served.Options.Others.Count; i++)
        {
            json.WriteStartObject();
            WriteName(json, i == 0 ? served.Options.Endpoint : served.Options.Others[i - 1]);
            json.WriteStartArray("addresses"u8);
            IReadOnlyList<IPEndPoint> addresses = i < served.Resolvers.Count ? served.Resolvers[i].Addresses.Addresses : [];
            for (int each = 0; each < addresses.Count; each++)
            {
                json.WriteEndPoint(addresses[each].Address, addresses[each].Port);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteName(Utf8JsonWriter json, ServerName name)
    {
        Span<char> text = stackalloc char[LongestName];
        json.WriteString("name"u8, name.TryFormat(text, out int written) ? text[..written] : name.ToString());
    }
}
