using BenchmarkDotNet.Attributes;
using WgProxy.Core.Mappings;

namespace WgProxy.Benchmarks;

/// <summary>From a source to its slot: once per message of the uplink.</summary>
public class TableBenchmarks
{
    private const int Slots = 16_384;

    private readonly Source[] _sources = [.. Enumerable.Range(0, Slots).Select(Traffic.Source)];
    private readonly Source _stranger = Traffic.Source(Slots + 1);
    private MappingTable _table = new(1, default);
    private int _turn;

    /// <summary>How many mappings there are.</summary>
    [Params(1, 256, 10_000)]
    public int Mappings { get; set; }

    /// <summary>Fills the table.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _table = new MappingTable(Slots, (1, 2));
        foreach (Source source in _sources.AsSpan(0, Mappings))
        {
            _ = _table.Add(source);
        }
    }

    /// <summary>The slots of all sources in turn.</summary>
    [Benchmark]
    public int FindASource()
    {
        _turn = _turn + 1 < Mappings ? _turn + 1 : 0;
        return _table.Find(_sources[_turn]);
    }

    /// <summary>A source that has none.</summary>
    [Benchmark]
    public int FindAStranger() => _table.Find(_stranger);
}
