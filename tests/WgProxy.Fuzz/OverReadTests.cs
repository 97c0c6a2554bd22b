using System.Diagnostics;
using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Fuzz.Plain;
using WgProxy.Fuzz.Targets;

namespace WgProxy.Fuzz;

/// <summary>A parser that reads outside ends its process, and its input is left behind.</summary>
public sealed class OverReadTests
{
    private const string Broken = "control-that-reads-too-far";

    [Fact]
    public async Task Reading_too_far_is_found_and_its_input_left()
    {
        if (File.Exists(RunningInput.PathOf(Broken)))
        {
            File.Delete(RunningInput.PathOf(Broken));
        }

        ProcessStartInfo start = new(Environment.ProcessPath!, ["-noColor", "-noLogo", "-explicit", "only", "-method", $"*{nameof(OverReadTests)}.{nameof(A_parser_reads_too_far)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process child = Process.Start(start)!;
        Task<string> said = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> complained = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode > 128, $"exit code {child.ExitCode}\n{await said}\n{await complained}");

        // The last message promises more than there is; or less than it takes to tell.
        byte[] input = RunningInput.Left(Broken);
        Assert.Null(new ControlTarget().Run(input, new Signal()));
        Assert.NotEmpty(input);
    }

    /// <summary>Run by the test above, in a process of its own.</summary>
    [Fact(Explicit = true)]
    public void A_parser_reads_too_far()
    {
        using RunningInput running = new(Broken);
        Target target = new ControlTarget(ReadsTooFar);
        Failure? failure = new Fuzzer(target, seed: 1) { Trying = running.Set }.Run(target.Short, TimeSpan.MaxValue);
        Assert.Fail($"survived: {failure}");
    }

    /// <summary>Believes every length: the next message begins where this one says it ends, and data are read before their
    /// length is compared with what there is.</summary>
    private static unsafe ControlReading ReadsTooFar(nint control, int length)
    {
        long sum = 0;
        for (byte* at = (byte*)control; at + 16 <= (byte*)control + length;)
        {
            ulong size = *(ulong*)at;
            if (size < 16)
            {
                break;
            }

            sum += at[Math.Min(size, 48) - 1];
            at += (size + 7) & ~7UL;
        }

        ControlReading right = PlainControl.Read(new ReadOnlySpan<byte>((byte*)control, length));
        return sum < 0 ? right with { Stride = -1 } : right;
    }
}
