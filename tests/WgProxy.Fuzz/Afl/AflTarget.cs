using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Afl;

/// <summary>A target as AFL++ runs it: what it does not survive, or what does not hold, ends the process.</summary>
internal static class AflTarget
{
    /// <summary>Takes inputs from AFL++ until that has enough.</summary>
    public static int Run(string name)
    {
        Target target = AllTargets.Named(name);
        byte[] buffer = new byte[target.Longest];
        SharpFuzz.Fuzzer.OutOfProcess.Run(stream =>
        {
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (target.Run(buffer.AsSpan(0, length), new Signal()) is string wrong)
            {
                throw new InvalidOperationException(wrong);
            }
        });
        return 0;
    }
}
