using BenchmarkDotNet.Attributes;
using WgProxy.Core;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;

namespace WgProxy.Benchmarks;

/// <summary>A whole decision about data of a proven mapping, one datagram or a train of 44.</summary>
public class RelayBenchmarks
{
    private const int Size = 1452;
    private const int Train = 44;
    private const uint ServerIndex = 7;
    private const uint ClientIndex = 9;

    private readonly Relay _relay = new(new RelaySettings { HashSeed = (1, 2) }, [Traffic.Route]);
    private readonly Source _source = Traffic.Source(1);
    private readonly byte[] _up = Traffic.Transport(ServerIndex, 0);
    private readonly byte[] _down = Traffic.Transport(ClientIndex, 0);
    private readonly byte[] _trainUp = [.. Enumerable.Range(0, Train).SelectMany(counter => Traffic.Transport(ServerIndex, (ulong)counter))];
    private readonly byte[] _trainDown = [.. Enumerable.Range(0, Train).SelectMany(counter => Traffic.Transport(ClientIndex, (ulong)counter))];
    private int _slot;

    /// <summary>A handshake and data in both directions.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _slot = _relay.FromClient(Traffic.Initiation(ClientIndex), 0, _source, default).Slot;
        _relay.Opened(_slot, 40_000);
        _ = _relay.FromServer(_slot, Traffic.Response(ServerIndex, ClientIndex), 0, default);
        _ = _relay.FromClient(_up, _up.Length, _source, default);
        _ = _relay.FromServer(_slot, _down, _down.Length, default);
        _relay.ClearEvents();
        if (_relay.ProofOf(_slot) != Proof.Confirmed)
        {
            throw new InvalidOperationException($"the mapping should be confirmed, but is {_relay.ProofOf(_slot)}");
        }
    }

    /// <summary>One datagram of the client.</summary>
    [Benchmark]
    public Verdict Uplink() => _relay.FromClient(_up, Size, _source, default).Verdict;

    /// <summary>One datagram of the server.</summary>
    [Benchmark]
    public Verdict Downlink() => _relay.FromServer(_slot, _down, Size, default).Verdict;

    /// <summary>A train of the client.</summary>
    [Benchmark(OperationsPerInvoke = Train)]
    public Verdict UplinkTrain() => _relay.FromClient(_trainUp, Size, _source, default).Verdict;

    /// <summary>A train of the server.</summary>
    [Benchmark(OperationsPerInvoke = Train)]
    public Verdict DownlinkTrain() => _relay.FromServer(_slot, _trainDown, Size, default).Verdict;
}
