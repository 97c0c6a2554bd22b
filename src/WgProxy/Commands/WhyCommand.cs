using System.Globalization;
using WgProxy.Hosting;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy why</c>: tells why clients, or one of them, have no tunnel.</summary>
/// <param name="relay">The relay.</param>
/// <param name="client">An address, an address and port, or the name of a peer; null for everybody.</param>
/// <param name="asJson">Whether the report itself is wanted.</param>
internal sealed class WhyCommand(RelaySocket relay, string? client, bool asJson)
{
    /// <summary>Asks; returns the exit code: 0 if nothing is amiss, 1 if something is.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken stop)
    {
        string resource = client is null ? "/v1/why" : $"/v1/why?client={Uri.EscapeDataString(client)}";
        try
        {
            CausesReport report = await relay.ReadAsync(resource, StatusJson.Default.CausesReport, stop);
            if (asJson)
            {
                await output.WriteAsync($"{await relay.ReadAsync(resource, stop)}\n");
            }
            else
            {
                foreach (CauseReport cause in report.Causes)
                {
                    await output.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{Terminal.Plain(cause.Text)}\n"));
                }
            }

            return report.IsWell ? ExitCode.Done : ExitCode.ProblemsFound;
        }
        catch (RelaySocketException refusal)
        {
            await error.WriteAsync($"wgproxy why: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.SystemRefused;
        }
    }
}
