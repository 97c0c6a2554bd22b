using System.Globalization;
using System.Text.Json;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy takeover</c>: has a relay that stands by take over from the other one of its pair.</summary>
/// <param name="relay">The relay.</param>
/// <param name="name">The name of the other; null for the one that it stands by for.</param>
/// <param name="asJson">Whether the report itself is wanted.</param>
internal sealed class TakeoverCommand(RelaySocket relay, string? name, bool asJson)
{
    /// <summary>Orders it; returns the exit code: 2 if the relay cannot.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="stop">Ends it.</param>
    public Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken stop) => Order.RunAsync(
        "takeover",
        () => relay.OrderAsync(HttpMethod.Post, "/v1/takeover", JsonSerializer.Serialize(new TakeoverRequest(name), StatusJson.Written.TakeoverRequest), stop),
        answer => [Said(relay.Parse(answer, StatusJson.Default.TakeoverReport))],
        asJson,
        output,
        error);

    private static string Said(TakeoverReport report) => report.Refusal is { } refusal
        ? $"wgproxy takeover: {refusal}"
        : string.Create(CultureInfo.InvariantCulture, $"serves for {report.Relay}: {report.Restored} of {report.Known} mappings go on, after {1_000 * report.TookSeconds:0} ms");
}
