using System.Diagnostics;

namespace WgProxy.Tests.Packaging;

/// <summary>A program of this machine that judges what was made.</summary>
internal static class Tool
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Skips a test where it is not installed.</summary>
    public static void Need(string name, string package) =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, name))), $"needs {name} (apt package {package})");

    /// <summary>Runs it, and returns its exit code and everything that it said.</summary>
    public static async Task<(int Code, string Said)> RunAsync(string name, params string[] arguments)
    {
        ProcessStartInfo start = new(name, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Repository.Root };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process tool = Process.Start(start)!;
        tool.StandardInput.Close();
        Task<string> output = tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = tool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await tool.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
        finally
        {
            tool.Kill(entireProcessTree: true);
        }

        return (tool.ExitCode, await output + await error);
    }
}
