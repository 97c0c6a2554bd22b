namespace WgProxy.Linux;

/// <summary>What only this engine is told.</summary>
public sealed record LinuxEngineSettings
{
    /// <summary>How many worker threads.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>What is left to the kernel.</summary>
    public Offload Offload { get; init; } = Offload.OfThisHost();
}
