using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using WgProxy.Configuration;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy drop</c>: ends the mappings of a client now, and maybe denies it.</summary>
/// <param name="relay">The relay.</param>
/// <param name="line">Who is meant.</param>
internal sealed class DropCommand(RelaySocket relay, CommandLine line)
{
    /// <summary>Orders it; returns the exit code.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="stop">Ends it.</param>
    public Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken stop)
    {
        if (line.Word is not { } client)
        {
            return Order.RefuseAsync("drop", "expected a client: its address, its address and port, or its peer's name", error);
        }

        bool isAddress = IsAddress(client);
        string? server = line[VerbSyntax.PeersServer];
        if (isAddress && server is not null)
        {
            return Order.RefuseAsync("drop", $"{VerbSyntax.PeersServer.Name} is {server}: expected it with a peer's name only, because an address is dropped at every server", error);
        }

        DropRequest request = new(isAddress ? client : null, isAddress ? null : client, server, line.Has(VerbSyntax.Deny));
        string body = JsonSerializer.Serialize(request, StatusJson.Default.DropRequest);
        return Order.RunAsync(
            "drop", () => relay.OrderAsync(HttpMethod.Post, "/v1/drop", body, stop), text => [Said(client, relay.Parse(text, StatusJson.Default.DroppedReport))], line.WantsJson, output, error);
    }

    /// <summary>Whether a word is an address, and no peer's name: "7" is an address to inet_aton(3) only.</summary>
    internal static bool IsAddress(string word) => IPEndPoint.TryParse(word, out IPEndPoint? endPoint)
        && (endPoint.AddressFamily == AddressFamily.InterNetworkV6 || word.Count(letter => letter == '.') == 3);

    private static string Said(string client, DroppedReport report) =>
        (report.Mappings == 0 ? $"{client} has no mapping" : $"dropped {client}: {Order.Ended(report.Mappings)}")
        + (report.Denied ? "; it is denied until the relay is restarted"
            : report.Mappings == 0 ? ": there is nothing to drop" : "; it may return by its next handshake");
}
