using System.Runtime.CompilerServices;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A test that is skipped, with the reason, where the machine cannot run it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetnsFactAttribute : FactAttribute
{
    public NetnsFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = Requirements.OfATest;
}

/// <inheritdoc cref="NetnsFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetnsTheoryAttribute : TheoryAttribute
{
    public NetnsTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = Requirements.OfATest;
}

/// <summary>A test of minutes: runs only when asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = Requirements.OfALongTest;
}

/// <inheritdoc cref="LongFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongTheoryAttribute : TheoryAttribute
{
    public LongTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = Requirements.OfALongTest;
}
