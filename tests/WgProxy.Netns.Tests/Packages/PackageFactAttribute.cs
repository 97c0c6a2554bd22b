using System.Runtime.CompilerServices;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>A test of the Debian package; skipped, with the reason, where none can be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PackageFactAttribute : FactAttribute
{
    public PackageFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = (DebianPackage.Missing ?? SystemdHost.Missing, Requirements.OfATest.Timeout);
}
