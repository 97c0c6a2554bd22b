using System.Diagnostics;

namespace WgProxy.Tests.FigurePages;

/// <summary>Prometheus' own tool, from its package.</summary>
internal static class Promtool
{
    /// <summary>Skips a test where it is not installed.</summary>
    public static void Need() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "promtool"))), "needs promtool (apt package prometheus)");

    /// <summary>Asserts that it finds nothing wrong with a page.</summary>
    public static async Task CheckMetricsAsync(string page)
    {
        Need();
        (int code, string said) = await RunAsync(page, "check", "metrics");
        Assert.True(code == 0 && said.Length == 0, said);
    }

    /// <summary>Runs it in contrib/prometheus.</summary>
    public static async Task<(int Code, string Said)> RunAsync(string input, params string[] arguments)
    {
        ProcessStartInfo start = new("promtool", arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(Repository.Root, "contrib", "prometheus"),
        };
        using Process tool = Process.Start(start)!;
        Task<string> output = tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = tool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await tool.StandardInput.WriteAsync(input);
        tool.StandardInput.Close();
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (tool.ExitCode, await output + await error);
    }
}
