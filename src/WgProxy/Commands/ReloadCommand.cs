using WgProxy.Serving;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy reload</c>: has a running relay read its configuration file again.</summary>
/// <param name="relay">The relay.</param>
/// <param name="asJson">Whether the report itself is wanted.</param>
internal sealed class ReloadCommand(RelaySocket relay, bool asJson)
{
    /// <summary>Orders it; returns the exit code: 2 if the file is refused.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="stop">Ends it.</param>
    public Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken stop) => Order.RunAsync(
        "reload", () => relay.OrderAsync(HttpMethod.Post, "/v1/reload", string.Empty, stop), text => Lines(relay.Parse(text, StatusJson.Default.ReloadReport)), asJson, output, error);

    private static IEnumerable<string> Lines(ReloadReport report)
    {
        foreach (string message in report.Messages)
        {
            yield return message;
        }

        if (report.TakenOver)
        {
            yield return $"the configuration file was read again: {new ServerChanges(report.Added, report.Removed, report.Changed)}";
        }
        else if (report.Messages.Count == 0)
        {
            yield return "there is no configuration file to read again: the server's name is resolved again now";
        }
    }
}
