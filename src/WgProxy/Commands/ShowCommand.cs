using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using WgProxy.Configuration;
using WgProxy.Hosting;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy show</c>: asks a running relay, and writes what it says.</summary>
/// <param name="relay">The relay.</param>
/// <param name="question">What is asked.</param>
/// <param name="settings">The relay's settings, for accounts that it has left. Not called unless it is down.</param>
internal sealed class ShowCommand(RelaySocket relay, ShowQuestion question, Func<QuietSettings> settings)
{
    /// <summary>Shows, unless there is no such topic; returns the exit code.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="isTerminal">Whether standard output is a terminal.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<int> RunAsync(TextWriter output, TextWriter error, bool isTerminal, CancellationToken stop)
    {
        if (question.Topic is not null && !VerbSyntax.Topics.Contains(question.Topic, StringComparer.Ordinal))
        {
            await error.WriteAsync($"wgproxy show: there is no {Terminal.Plain(question.Topic)} to show: expected {string.Join(", ", VerbSyntax.Topics)}, or nothing\n");
            return ExitCode.WrongSettings;
        }

        try
        {
            await WriteAsync(new Page(output, Terminal.Of(output, isTerminal), question.AsJson), error, stop);
            return ExitCode.Done;
        }
        catch (RowOrderException refusal)
        {
            await error.WriteAsync($"wgproxy show: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.WrongSettings;
        }
        catch (RelaySocketException refusal)
        {
            await error.WriteAsync($"wgproxy show: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.SystemRefused;
        }
    }

    private async Task WriteAsync(Page page, TextWriter error, CancellationToken stop)
    {
        switch (question.Topic)
        {
            case "sessions":
                page.Write(await relay.ReadAsync(Resource("sessions", OfSessions()), StatusJson.Default.SessionsReport, stop), StatusJson.Written.SessionsReport, Tables.Of);
                break;
            case "peers":
                page.Write(Chosen(await relay.ReadAsync("/v1/peers", StatusJson.Default.PeersReport, stop)), StatusJson.Written.PeersReport, Tables.Of);
                break;
            case "servers":
                page.Write(Chosen(await relay.ReadServersAsync(stop)), StatusJson.Written.ServersReport, Tables.Of);
                break;
            case "drops":
                DropsReport drops = await relay.ReadAsync("/v1/drops", StatusJson.Default.DropsReport, stop);
                page.Write(
                    drops with { Drops = drops.Drops.Where(drop => Matches(drop.Server, question.Server)).Sorted(RowOrders.OfDrops, question.Sort, question.Limit) },
                    StatusJson.Written.DropsReport,
                    Tables.Of);
                break;
            case "usage":
                UsageReport usage = await new UsageInquiry(relay, question, settings).ReadAsync(error, stop);
                page.Write(
                    usage with { Accounts = usage.Accounts.Sorted(RowOrders.OfUsage, question.Sort, question.Limit) },
                    StatusJson.Written.UsageReport,
                    report => Tables.Of(report, withSum: question.Peer is not null));
                break;
            case "fleet":
                page.Write(await relay.ReadAsync("/v1/fleet", StatusJson.Default.FleetReport, stop), StatusJson.Written.FleetReport, FleetTable.Of);
                break;
            case "log":
                LogReport log = await relay.ReadAsync(Resource("log", OfLog()), StatusJson.Default.LogReport, stop);
                await page.WriteAsync(log, StatusJson.Written.LogReport, Tables.Lines(log));
                break;
            default:
                RelayReports reports = await relay.ReadAllAsync(stop);
                page.Write(
                    reports.Status,
                    StatusJson.Written.StatusReport,
                    console => new RelayScreen(console).Write(reports with { Servers = Chosen(reports.Servers), Peers = Chosen(reports.Peers) }));
                break;
        }
    }

    private static bool Matches(string? name, string? wanted) => wanted is null || string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase);

    // The one screen has an order of its own.
    private PeersReport Chosen(PeersReport report) => report with
    {
        Peers = report.Peers.Where(peer => Matches(peer.Server, question.Server) && Matches(peer.Name, question.Peer))
            .Sorted(RowOrders.OfPeers, question.Topic is null ? null : question.Sort, question.Topic is null ? null : question.Limit),
    };

    private ServersReport Chosen(ServersReport report) => report with
    {
        Servers = report.Servers.Where(server => Matches(server.Name, question.Server))
            .Sorted(RowOrders.OfServers, question.Topic is null ? null : question.Sort, question.Topic is null ? null : question.Limit),
    };

    private static string Resource(string topic, IEnumerable<(string Name, string? Value)> parameters) =>
        $"/v1/{topic}?{string.Join('&', parameters.Where(each => each.Value is not null).Select(each => $"{each.Name}={Uri.EscapeDataString(each.Value!)}"))}";

    private IEnumerable<(string Name, string? Value)> OfSessions() =>
    [
        ("server", question.Server),
        ("peer", question.Peer),
        ("port", question.Port),
        ("sort", question.Sort ?? "last_valid"),
        ("limit", question.Limit ?? $"{SessionsQuestion.MostSessions}"),
    ];

    private IEnumerable<(string Name, string? Value)> OfLog() => [("level", question.Level), ("n", question.Limit)];

    /// <summary>Where a report goes.</summary>
    private sealed record Page(TextWriter Output, IAnsiConsole Console, bool AsJson)
    {
        public void Write<T>(T report, JsonTypeInfo<T> type, Func<T, PlainTable> table) => Write(report, type, console => console.Write(table(report)));

        public void Write<T>(T report, JsonTypeInfo<T> type, Action<IAnsiConsole> write)
        {
            if (AsJson)
            {
                Output.Write($"{JsonSerializer.Serialize(report, type)}\n");
            }
            else
            {
                write(Console);
            }
        }

        // Lines are not folded: they are what the log says.
        public async Task WriteAsync<T>(T report, JsonTypeInfo<T> type, IEnumerable<string> lines) =>
            await Output.WriteAsync(AsJson ? $"{JsonSerializer.Serialize(report, type)}\n" : string.Concat(lines.Select(line => $"{line}\n")));
    }
}
