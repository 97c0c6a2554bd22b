using System.Diagnostics;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A program that runs to its end. Anything but exit code 0 is an exception that shows what it said.</summary>
internal static class Command
{
    public static string Run(string file, params IEnumerable<string> arguments) => RunWithInput("", file, arguments);

    public static string RunWithInput(string input, string file, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{file} {string.Join(' ', start.ArgumentList)}: exit code {process.ExitCode}: {errors.Result}{output}");
    }
}
