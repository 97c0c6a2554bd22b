using WgProxy.Kernel.Tests;

// One machine for all; scenarios that mostly wait run beside each other, those that load it run alone, after them.
[assembly: AssemblyFixture(typeof(Machine))]
[assembly: CollectionBehavior(MaxParallelThreads = 3)]

namespace WgProxy.Kernel.Tests;

/// <summary>Scenarios that load the machine: their neighbours' outages would be the machine's, not the relay's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Loud
{
    public const string Name = "Loud";
}
