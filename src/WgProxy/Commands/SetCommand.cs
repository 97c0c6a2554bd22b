using WgProxy.Configuration;
using WgProxy.Logging;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy set</c>: changes the log level of a running relay.</summary>
/// <param name="relay">The relay.</param>
/// <param name="line">What is to be set.</param>
internal sealed class SetCommand(RelaySocket relay, CommandLine line)
{
    /// <summary>Orders it; returns the exit code.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="stop">Ends it.</param>
    public Task<int> RunAsync(TextWriter output, TextWriter error, CancellationToken stop)
    {
        if (line.Words is not [VerbSyntax.LogLevel, string text])
        {
            return Order.RefuseAsync("set", $"expected {VerbSyntax.LogLevel} and a level: {OptionTable.Level.Expected}", error);
        }

        if (!OptionTable.Level.TryParse(text, out object? level, out _))
        {
            return Order.RefuseAsync("set", $"{VerbSyntax.LogLevel} is {LogLine.Quote(text)}: expected {OptionTable.Level.Expected}", error);
        }

        string body = $$"""{"level": {{(int)(LogLevel)level!}}}""";
        return Order.RunAsync(
            "set", () => relay.OrderAsync(HttpMethod.Put, "/v1/log-level", body, stop), answer => [Said(relay.Parse(answer, StatusJson.Default.LogLevelReport))], line.WantsJson, output, error);
    }

    private static string Said(LogLevelReport report) =>
        $"the log level is {report.Level} ({LogLine.Word((LogLevel)report.Level)}) until the next reload";
}
