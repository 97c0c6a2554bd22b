using Spectre.Console;
using WgProxy.Configuration;
using WgProxy.Hosting;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy show</c>: asks a running relay, and writes what it says.</summary>
/// <param name="relay">The relay.</param>
/// <param name="question">What is asked.</param>
internal sealed class ShowCommand(RelaySocket relay, ShowQuestion question)
{
    /// <summary>What can be shown, beside the one screen.</summary>
    public static IReadOnlyList<string> Topics => VerbSyntax.Topics;

    /// <summary>Shows, unless the question is none; returns the exit code.</summary>
    /// <param name="relay">The relay.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="isTerminal">Whether standard output is a terminal.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task<int> RunAsync(
        RelaySocket relay, ShowQuestion question, TextWriter output, TextWriter error, bool isTerminal, CancellationToken stop)
    {
        if (question.Topic is not null && !Topics.Contains(question.Topic, StringComparer.Ordinal))
        {
            await error.WriteAsync($"wgproxy show: there is no {Terminal.Plain(question.Topic)} to show: expected {string.Join(", ", Topics)}, or nothing\n");
            return ExitCode.WrongSettings;
        }

        return await new ShowCommand(relay, question).RunAsync(output, error, isTerminal, stop);
    }

    /// <summary>Shows; returns the exit code.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="isTerminal">Whether standard output is a terminal.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<int> RunAsync(TextWriter output, TextWriter error, bool isTerminal, CancellationToken stop)
    {
        try
        {
            if (question.AsJson)
            {
                await output.WriteAsync($"{await relay.ReadAsync(Resource(), stop)}\n");
                return ExitCode.Done;
            }

            await WriteAsync(Terminal.Of(output, isTerminal), stop);
            return ExitCode.Done;
        }
        catch (RelaySocketException refusal)
        {
            await error.WriteAsync($"wgproxy show: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.SystemRefused;
        }
    }

    /// <summary>All that the one screen is made of.</summary>
    public static async Task<RelayReports> ReadAllAsync(RelaySocket relay, CancellationToken stop) => new(
        await relay.ReadAsync("/v1/status", StatusJson.Default.StatusReport, stop),
        await relay.ReadAsync("/v1/servers", StatusJson.Default.ServersReport, stop),
        await relay.ReadAsync("/v1/peers", StatusJson.Default.PeersReport, stop));

    private async Task WriteAsync(IAnsiConsole console, CancellationToken stop)
    {
        switch (question.Topic)
        {
            case "sessions":
                console.Write(Tables.Of(await relay.ReadAsync(Resource(), StatusJson.Default.SessionsReport, stop)));
                break;
            case "peers":
                PeersReport peers = await relay.ReadAsync(Resource(), StatusJson.Default.PeersReport, stop);
                console.Write(Tables.Of(peers with { Peers = [.. peers.Peers.Where(peer => Matches(peer.Server, question.Server) && Matches(peer.Name, question.Peer))] }));
                break;
            case "servers":
                ServersReport servers = await relay.ReadAsync(Resource(), StatusJson.Default.ServersReport, stop);
                console.Write(Tables.Of(servers with { Servers = [.. servers.Servers.Where(server => Matches(server.Name, question.Server))] }));
                break;
            case "drops":
                DropsReport drops = await relay.ReadAsync(Resource(), StatusJson.Default.DropsReport, stop);
                console.Write(Tables.Of(drops with { Drops = [.. drops.Drops.Where(drop => question.Server is null || Matches(drop.Server ?? string.Empty, question.Server))] }));
                break;
            default:
                new RelayScreen(console).Write(await ReadAllAsync(relay, stop));
                break;
        }
    }

    private static bool Matches(string name, string? wanted) => wanted is null || string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase);

    private string Resource() => question.Topic switch
    {
        null => "/v1/status",
        "sessions" => $"/v1/sessions?{string.Join('&', Parameters())}",
        _ => $"/v1/{question.Topic}",
    };

    private IEnumerable<string> Parameters()
    {
        if (question.Server is not null)
        {
            yield return $"server={Uri.EscapeDataString(question.Server)}";
        }

        if (question.Peer is not null)
        {
            yield return $"peer={Uri.EscapeDataString(question.Peer)}";
        }

        yield return $"sort={Uri.EscapeDataString(question.Sort ?? "last_valid")}";
        yield return $"limit={Uri.EscapeDataString(question.Limit ?? $"{SessionsQuestion.MostSessions}")}";
    }
}
