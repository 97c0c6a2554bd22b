using System.Buffers.Binary;
using StackExchange.Redis;
using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Fleet;

/// <summary>
/// Records that go to the store together: sealed, with the names under which each is stored. One mapping has at most one, its newest. All of it is used again for the next batch,
/// so that publishing leaves little garbage; <see cref="Renew"/> is for when the client of the store may still hold a part.
/// </summary>
internal sealed class FleetBatch
{
    /// <summary>Records at most: 80 KB, as a rule.</summary>
    public const int MostRecords = 256;

    /// <summary>How long an index leads to its tunnel at most: its keys are no longer valid.</summary>
    public static readonly TimeSpan IndexLives = TimeSpan.FromSeconds(190);

    // Of a mapping's indices, those of its two newest pairs and its newest question are stored. Older ones are in the store since they were new.
    private const int MostIndices = 3;

    // What ends sooner is not stored: it may be gone before it can be asked for.
    private const long Shortest = 2_000;

    // The record of an end only has to replace that of the mapping.
    private const long EndLives = 10_000;
    private const long Lingers = 180_000;
    private const long Slack = 120_000;
    private const long Longest = 400L * 24 * 3600 * 1000;

    private readonly Dictionary<MappingKey, int> _places = new(MostRecords);
    private readonly MappingRecord[] _records = new MappingRecord[MostRecords];
    private readonly byte[] _nonce;
    private readonly byte[] _relay;
    private readonly byte[] _relayName;
    private readonly FleetKey _key;
    private byte[] _bytes = [];
    private byte[][] _indexNames = [];
    private byte[][] _mappingNames = [];
    private int _length;

    /// <summary>An empty batch.</summary>
    /// <param name="key">The fleet's key.</param>
    /// <param name="relay">This relay's name in the fleet.</param>
    /// <param name="nonce">16 random bytes, with which all nonces of this process begin.</param>
    public FleetBatch(FleetKey key, string relay, ReadOnlySpan<byte> nonce)
    {
        (_key, _relay, _relayName) = (key, System.Text.Encoding.UTF8.GetBytes(relay), System.Text.Encoding.ASCII.GetBytes(key.RelayName(relay)));
        _nonce = new byte[Core.Protocol.XChaCha20Poly1305.NonceSize];
        nonce[..16].CopyTo(_nonce);
        Renew();
    }

    /// <summary>How many records it has.</summary>
    public int Count { get; private set; }

    /// <summary>What is SET: names, values, and for how long.</summary>
    public List<(RedisKey Name, RedisValue Value, TimeSpan Lives)> Values { get; } = new(MostRecords * (1 + MostIndices));

    /// <summary>All records one behind the other, as a standby hears them: each behind its length.</summary>
    public ReadOnlyMemory<byte> Payload => _bytes.AsMemory(0, _length);

    /// <summary>Takes other memory, and leaves the former to the client of the store.</summary>
    public void Renew()
    {
        _bytes = new byte[MostRecords * (sizeof(ushort) + SealedRecord.Longest)];
        _mappingNames = [.. Enumerable.Range(0, MostRecords).Select(_ => new byte[FleetKey.MappingNameSize])];
        _indexNames = [.. Enumerable.Range(0, MostRecords * MostIndices).Select(_ => new byte[FleetKey.IndexNameSize])];
    }

    /// <summary>Forgets all records.</summary>
    public void Clear()
    {
        _places.Clear();
        Values.Clear();
        (Count, _length) = (0, 0);
    }

    /// <summary>Adds a record. Of a mapping that has one, it takes the place of that. There must be room: <see cref="Count"/> says.</summary>
    public void Add(in MappingRecord record)
    {
        MappingKey key = MappingKey.Of(record);
        if (!_places.TryGetValue(key, out int place))
        {
            place = Count++;
            _places.Add(key, place);
        }

        _records[place] = record;
    }

    /// <summary>Seals what was added. Then <see cref="Values"/> and <see cref="Payload"/> are there.</summary>
    /// <param name="ahead">How many milliseconds the store's clock is ahead of this host's.</param>
    public void Seal(long ahead)
    {
        int names = 0;
        for (int place = 0; place < Count; place++)
        {
            ref readonly MappingRecord record = ref _records[place];
            Span<byte> counter = _nonce.AsSpan(16);
            BinaryPrimitives.WriteUInt64LittleEndian(counter, BinaryPrimitives.ReadUInt64LittleEndian(counter) + 1);
            int at = _length + sizeof(ushort);
            int length = SealedRecord.Write(_key, _nonce, _relay, record.Written.Utc + ahead, record, _bytes.AsSpan(at));
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(_length), (ushort)length);
            _length = at + length;
            RedisValue value = (ReadOnlyMemory<byte>)_bytes.AsMemory(at, length);
            _key.WriteMappingName(_relayName, record, _mappingNames[place]);
            Values.Add((_mappingNames[place], value, TimeSpan.FromMilliseconds(LifeOf(record))));
            names = AddIndices(record, value, names);
        }
    }

    private static long LifeOf(in MappingRecord record) =>
        record.IsEnded ? EndLives : Math.Clamp(record.ExpiresIn, 0, Longest) + Lingers + Slack;

    private static void Consider(in RecordedIndices indices, ref RecordedIndices newest, ref RecordedIndices second)
    {
        if (!indices.Has(IndexMarks.LeadsHere) || indices.Remaining <= Math.Max(second.Remaining, Shortest))
        {
            return;
        }

        second = indices.Remaining > newest.Remaining ? newest : indices;
        newest = indices.Remaining > newest.Remaining ? indices : newest;
    }

    // A claim that the server has not confirmed adds nothing to what the fleet knows of its tunnel.
    private int AddIndices(in MappingRecord record, RedisValue value, int names)
    {
        if (record.Proof is Proof.None or Proof.Asked or Proof.Claimed)
        {
            return names;
        }

        RecordedIndices newest = default, second = default, question = default, former = default;
        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            Consider(record.Tunnel.Pairs[position], ref newest, ref second);
            Consider(record.Tunnel.Questions[position], ref question, ref former);
        }

        int group = _key.GroupOf(record.Route);
        foreach (ref readonly RecordedIndices each in (ReadOnlySpan<RecordedIndices>)[newest, second, question])
        {
            if (each.Remaining > 0)
            {
                _key.WriteIndexName(group, each.ServerIndex, _indexNames[names]);
                Values.Add((_indexNames[names++], value, TimeSpan.FromMilliseconds(Math.Min(each.Remaining, (long)IndexLives.TotalMilliseconds))));
            }
        }

        return names;
    }
}
