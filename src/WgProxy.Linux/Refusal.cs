using System.ComponentModel;
using WgProxy.Core.Engine;

namespace WgProxy.Linux;

/// <summary>What the kernel, or a sandbox in its name, refuses, in words for the operator.</summary>
internal static class Refusal
{
    /// <summary>A system call that an engine cannot start without.</summary>
    /// <param name="call">The call, as the kernel spells it.</param>
    /// <param name="error">The error's number.</param>
    /// <param name="wayOut">What the operator can do.</param>
    public static EngineException Of(string call, int error, string wayOut) =>
        RefusalText.ToCall(call, Words(error), wayOut);

    /// <summary>An error in words and by its number, which tells kinds of "not permitted" apart.</summary>
    public static string Words(int error) => $"{new Win32Exception(error).Message} (errno {error})";
}
