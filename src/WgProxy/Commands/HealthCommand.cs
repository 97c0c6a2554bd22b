using WgProxy.Hosting;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy health</c>: tells, mostly by its exit code, whether a running relay is well. It is what a container's probe starts, where
/// there is no shell.</summary>
/// <param name="relay">The relay.</param>
/// <param name="asksReady">Whether it is asked if the relay can serve clients, and not only if it lives.</param>
/// <param name="asJson">Whether the report itself is wanted.</param>
internal sealed class HealthCommand(RelaySocket relay, bool asksReady, bool asJson)
{
    /// <summary>Asks; returns the exit code: 0 if it is well, 1 if not.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken stop)
    {
        try
        {
            HealthAnswer answer = await relay.ReadHealthAsync(asksReady ? "/readyz" : "/healthz", stop);
            string line = asJson ? answer.Text : Terminal.Plain(asksReady ? Words(relay.Parse(answer.Text, StatusJson.Default.ReadyReport)) : Words(answer.IsWell));
            await output.WriteAsync($"{line}\n");
            return answer.IsWell ? ExitCode.Done : ExitCode.ProblemsFound;
        }
        catch (RelaySocketException refusal)
        {
            await error.WriteAsync($"wgproxy health: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.SystemRefused;
        }
    }

    private static string Words(bool isWell) => isWell ? "well: every worker answers" : "not well: a worker has not answered";

    private static string Words(ReadyReport report) =>
        report.Ready ? "ready to serve clients"
        : !report.Bound ? "not ready: it listens nowhere"
        : !report.Resolved ? $"not ready: no server has an address yet ({string.Join(", ", report.Unresolved)})"
        : "not ready: a worker has not answered";
}
