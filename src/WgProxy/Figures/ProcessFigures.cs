namespace WgProxy.Figures;

/// <summary>Figures of the process: under the names that Prometheus' own libraries and .NET's runtime give them.</summary>
internal static class ProcessFigures
{
    private static readonly Label[] Generations = [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(generation => new Label("gc_heap_generation", $"gen{generation}"))];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        new("process.start_time", FigureKind.Gauge, "s", "", "When the relay started, in seconds since 1970.", (reading, sink) => sink.Add(reading.Fixed.Started))
        {
            PrometheusName = "process_start_time_seconds",
        },
        new("process.cpu.time", FigureKind.Counter, "s", "", "Processor time that the process has used.", (_, sink) => sink.Add(CpuSeconds()))
        {
            PrometheusName = "process_cpu_seconds_total",
        },
        new("process.memory.usage", FigureKind.Gauge, "By", "", "Memory of the process that is resident.", (_, sink) => sink.Add(Environment.WorkingSet))
        {
            PrometheusName = "process_resident_memory_bytes",
        },
        new("dotnet.gc.heap.used", FigureKind.Gauge, "By", "", "Managed memory in use, with garbage that is not collected yet.", (_, sink) => sink.Add(GC.GetTotalMemory(forceFullCollection: false))),
        new("dotnet.gc.heap.total_allocated", FigureKind.Counter, "By", "", "Managed memory allocated so far. Forwarding allocates none.", (_, sink) => sink.Add(GC.GetTotalAllocatedBytes())),
        new("dotnet.gc.collections", FigureKind.Counter, "{collection}", "gc_heap_generation", "Collections of garbage, by the oldest generation that was collected.", (_, sink) =>
        {
            // The runtime counts a collection in all younger generations too.
            for (int generation = 0; generation < Generations.Length; generation++)
            {
                int older = generation == GC.MaxGeneration ? 0 : GC.CollectionCount(generation + 1);
                sink.Add((long)GC.CollectionCount(generation) - older, Generations[generation]);
            }
        }),
        new("dotnet.gc.pause.time", FigureKind.Counter, "s", "", "Time that all threads have stood still for collections.", (_, sink) => sink.Add(GC.GetTotalPauseDuration().TotalSeconds)),
    ];

    private static double CpuSeconds() =>
        OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows() ? Environment.CpuUsage.TotalTime.TotalSeconds : 0;
}
