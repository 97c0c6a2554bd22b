using System.Runtime.CompilerServices;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A test that boots a systemd; skipped, with the reason, where none can run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = (SystemdHost.Missing, Requirements.OfATest.Timeout);
}
