using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>Records of mappings that never were.</summary>
internal static class AnyMapping
{
    /// <summary>One that differs from others of other numbers in all that a file looks at.</summary>
    public static MappingRecord Record(int number, Proof proof = Proof.Confirmed)
    {
        MappingRecord record = new()
        {
            Route = RouteKey.From(Keys.Route().Key),
            Source = Source.From(new IPEndPoint(new IPAddress([198, 51, (byte)(number >> 8), (byte)number]), 4_000 + (number % 1_000))),
            Proof = proof,
            UpstreamPort = (ushort)(20_000 + number),
            Server = new IPEndPoint(IPAddress.Loopback, 51_820),
            Written = HostInstant.Now(),
            ExpiresIn = 300_000,
            ValidAgo = number * 1_000,
            UplinkBytes = number,
        };
        record.Tunnel.Pairs[0] = new RecordedIndices
        {
            ServerIndex = 0x5000_0000u + (uint)number,
            ClientIndex = 0xC000_0000u + (uint)number,
            Remaining = 180_000,
            Marks = IndexMarks.IsPresent | IndexMarks.LeadsHere,
        };
        return record;
    }

    /// <summary>The end of a mapping.</summary>
    public static MappingRecord End(int number) => new()
    {
        Route = Record(number).Route,
        Source = Record(number).Source,
        UpstreamPort = Record(number).UpstreamPort,
        Written = HostInstant.Now(),
    };

    /// <summary>The bytes of a record.</summary>
    public static byte[] Bytes(in MappingRecord record)
    {
        byte[] bytes = new byte[MappingRecord.Size];
        record.Write(bytes);
        return bytes;
    }
}

/// <summary>An engine that takes records and has no sockets.</summary>
internal sealed class TakingEngine : IEngine
{
    /// <summary>What was lent, in order.</summary>
    public List<MappingRecord> Lent { get; } = [];

    /// <summary>The tunnels that it was told of.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<DirectoryAnswer> Told { get; } = new();

    /// <summary>How often something was lent.</summary>
    public int Times { get; private set; }

    /// <summary>What it says of each record; by default that it has not come to it.</summary>
    public Func<MappingRecord, RestoreVerdict> Judge { get; set; } = static _ => RestoreVerdict.Waiting;

    /// <summary>What becomes of a question; by default too many ask.</summary>
    public Action<EngineQuery> Asked { get; set; } = static query => query.End(QueryOutcome.Busy);

    public IReadOnlyList<IPEndPoint> Listening => [];

    public IReadOnlyList<string> Shortfalls => [];

    bool IEngine.Tell(DirectoryAnswer answer)
    {
        Told.Enqueue(answer);
        return true;
    }

    void IEngine.Restore(RestoreBatch batch)
    {
        batch.Begin();
        Times++;
        Lent.AddRange(batch.Records);
        for (int i = 0; i < batch.Records.Length; i++)
        {
            batch.Judge(i, Judge(batch.Records[i]), hasMoved: false);
        }

        batch.End(RestoreOutcome.Done);
    }

    public void Start()
    {
    }

    public void ListenOn(IReadOnlyList<IPEndPoint> listen) => throw new NotSupportedException();

    public void Stop()
    {
    }

    public bool Post(EngineCommand command) => false;

    public void Query(EngineQuery query) => Asked(query);

    public void Dispose()
    {
    }
}
