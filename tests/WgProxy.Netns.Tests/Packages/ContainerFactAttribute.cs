using System.Runtime.CompilerServices;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>A test of the container image; skipped, with the reason, where none can be made or started.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainerFactAttribute : FactAttribute
{
    public ContainerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = (Requirements.Missing ?? ContainerImage.Missing, Requirements.OfATest.Timeout);
}
