using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using WgProxy.Netns.Tests;

// Tests that mostly wait run beside each other; those that load the machine run alone, after them.
[assembly: CollectionBehavior(MaxParallelThreads = 8)]
[assembly: SupportedOSPlatform("linux")]

namespace WgProxy.Netns.Tests;

/// <summary>Relays of tests run beside each other on one file system, where the usual control socket can be one relay's only.</summary>
internal static class NoControlSocket
{
    [ModuleInitializer]
    internal static void TurnOff() => Environment.SetEnvironmentVariable("WGPROXY_CONTROL", "off");
}

/// <summary>Tests that load the machine: their neighbours' losses would be the machine's, not the relay's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Loud
{
    public const string Name = "Loud";
}
