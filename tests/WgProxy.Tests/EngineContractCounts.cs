using System.Collections;
using WgProxy.Core.Engine;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

/// <summary>A complete counter delta: every counter that moved, and no other.</summary>
public sealed class EngineContractCounts : IEnumerable<KeyValuePair<string, long>>
{
    private readonly SortedDictionary<string, long> _moved = new(StringComparer.Ordinal);

    /// <summary>What a whole handshake and one keepalive each way count.</summary>
    public static EngineContractCounts Tunnel() => new()
    {
        { "uplink.Open", 1 },
        { "uplink.Forward", 1 },
        { "downlink.Forward", 2 },
        { "bytes.Uplink", WireMessages.InitiationLength + WireMessages.KeepaliveLength },
        { "bytes.Downlink", WireMessages.ResponseLength + WireMessages.KeepaliveLength },
        { "event.Opened", 1 },
        { "event.Answered", 1 },
        { "event.Established", 1 },
        { "event.Confirmed", 1 },
        { "mappings.Confirmed", 1 },
    };

    /// <summary>What a forwarded initiation of a newcomer counts.</summary>
    public static EngineContractCounts Asked() => new()
    {
        { "uplink.Open", 1 },
        { "bytes.Uplink", WireMessages.InitiationLength },
        { "event.Opened", 1 },
        { "mappings.Asked", 1 },
    };

    /// <summary>Adds to a counter's expected move.</summary>
    public void Add(string counter, long change)
    {
        _moved[counter] = _moved.GetValueOrDefault(counter) + change;
        if (_moved[counter] == 0)
        {
            _moved.Remove(counter);
        }
    }

    /// <summary>Adds so many datagrams that pass to the server, with all of their bytes; by default a keepalive.</summary>
    public void AddUp(long bytes = WireMessages.KeepaliveLength, int datagrams = 1)
    {
        Add("uplink.Forward", datagrams);
        Add("bytes.Uplink", bytes);
    }

    /// <summary>Adds so many datagrams that pass to the client, with all of their bytes; by default a keepalive.</summary>
    public void AddDown(long bytes = WireMessages.KeepaliveLength, int datagrams = 1)
    {
        Add("downlink.Forward", datagrams);
        Add("bytes.Downlink", bytes);
    }

    /// <summary>Adds one that was counted of the directory.</summary>
    internal void AddDirectory(DirectoryCount count) => Add($"directory.{count}", 1);

    /// <summary>Adds one counter's expected move.</summary>
    public void Add(KeyValuePair<string, long> move) => Add(move.Key, move.Value);

    /// <summary>Adds another delta.</summary>
    public void Add(EngineContractCounts other)
    {
        foreach ((string counter, long change) in other)
        {
            Add(counter, change);
        }
    }

    /// <summary>Waits until exactly this has moved since the engine was made; says what differs if it never does. That
    /// nothing moves beyond it is seen by the next call, or at the wire's end, when the engine has stopped.</summary>
    /// <param name="wire">The engine's wire.</param>
    /// <param name="except">Counters left out because the kernel's timing decides them.</param>
    public void AssertMoved(EngineContractWire wire, params string[] except)
    {
        AssertMoved(wire.Engine, except);
        EngineContractCounts seen = [.. this];
        wire.AssertNothingMore = () => Assert.Empty(seen.Differences(wire.Engine, except));
    }

    /// <inheritdoc cref="AssertMoved(EngineContractWire, string[])"/>
    public void AssertMoved(IEngine engine, params string[] except) =>
        EngineContractWire.Await(
            () => Differences(engine, except).Count == 0,
            () => "counters (expected, moved): " + string.Join(", ", Differences(engine, except)));

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, long>> GetEnumerator() => _moved.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<string> Differences(IEngine engine, string[] except)
    {
        IReadOnlyDictionary<string, long> counters = engine.ReadCounters();
        Assert.All(_moved.Keys, counter => Assert.True(counters.ContainsKey(counter), counter));
        return
        [
            .. from counter in counters
               let expected = _moved.GetValueOrDefault(counter.Key)
               where counter.Value != expected && !except.Contains(counter.Key, StringComparer.Ordinal)
               select $"{counter.Key} ({expected}, {counter.Value})",
        ];
    }
}
