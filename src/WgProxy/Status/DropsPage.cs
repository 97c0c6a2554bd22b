using System.Text.Json;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;

namespace WgProxy.Status;

/// <summary>Writes what became of datagrams, a <see cref="DropsReport"/>.</summary>
internal static class DropsPage
{
    private static readonly Direction[] Directions = Enum.GetValues<Direction>();
    private static readonly Verdict[] Drops = [.. Enum.GetValues<Verdict>().Where(verdict => verdict > Verdict.Open)];

    /// <summary>Writes it.</summary>
    /// <param name="all">What is counted for all servers together.</param>
    /// <param name="room">The servers, and what is counted for each.</param>
    /// <param name="now">The instant of the answer.</param>
    public static AnswerBytes Write(CountersSnapshot all, RoutesRoom room, DateTimeOffset now)
    {
        AnswerBytes bytes = new();
        using Utf8JsonWriter json = ReportWriter.Begin(bytes, now);
        json.WriteStartArray("drops"u8);
        foreach (Direction direction in Directions)
        {
            foreach (Verdict verdict in Drops)
            {
                WriteDrop(json, server: null, direction, verdict, all[direction, verdict]);
            }
        }

        for (int place = 0; place < room.Servers.Count; place++)
        {
            RouteCounters counters = room.Figures.CountersAt(place);
            foreach (Direction direction in Directions)
            {
                foreach (Verdict verdict in Drops)
                {
                    WriteDrop(json, room.Servers[place].Options.Name, direction, verdict, counters[direction, verdict]);
                }
            }
        }

        json.WriteEndArray();
        json.WriteStartObject("verdicts"u8);
        foreach ((string name, string meaning) in VerdictMeanings.All)
        {
            json.WriteString(name, meaning);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        return bytes;
    }

    private static void WriteDrop(Utf8JsonWriter json, string? server, Direction direction, Verdict verdict, long datagrams)
    {
        if (datagrams == 0)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("server"u8, server);
        json.WriteString("direction"u8, direction == Direction.Uplink ? "uplink"u8 : "downlink"u8);
        json.WriteString("verdict"u8, ReportWriter.NameOf(verdict));
        json.WriteNumber("datagrams"u8, datagrams);
        json.WriteEndObject();
    }
}
