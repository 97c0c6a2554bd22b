using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Linux.Net;

/// <summary>
/// Sockets that are bound and connected before their mappings are restored, so that what the servers send waits in them. Each has the options
/// without which it cannot be bound, and no others. Threads of their own open them, from the first record to the last, while the engine
/// makes itself ready. A worker that needs a socket earlier opens it itself.
/// </summary>
internal sealed class HeldSockets
{
    // One by one, each thread would wait for the others to count.
    private const int AtOnce = 16;

    private readonly Opener _open;
    private readonly Action _done;
    private readonly Thread[] _threads;

    // Megabytes, of no use once all are closed.
    private volatile Table? _table;
    private int _next;
    private int _opened;
    private int _unfinished;
    private volatile bool _isDone;
    private volatile bool _isEnding;

    /// <summary>Begins to open.</summary>
    /// <param name="records">The records, those first whose ports are wanted most.</param>
    /// <param name="threads">How many threads open.</param>
    /// <param name="open">Opens the socket of a record. Called by all of these threads.</param>
    /// <param name="done">Called by one of them when all have been opened that could be.</param>
    public HeldSockets(ReadOnlyMemory<MappingRecord> records, int threads, Opener open, Action done)
    {
        (_open, _done) = (open, done);
        Table table = new(records);
        _table = table;
        _unfinished = threads;
        _threads = [.. Enumerable.Range(0, threads).Select(number => new Thread(() => Run(table)) { IsBackground = true, Name = $"ports {number}" })];
        Array.ForEach(_threads, thread => thread.Start());
    }

    /// <summary>Opens the socket of a record, if it can.</summary>
    public delegate HeldOutcome Opener(in MappingRecord record, out Held held);

    /// <summary>Whether all have been opened that could be.</summary>
    public bool IsDone
    {
        get => _isDone;
        private set => _isDone = value;
    }

    /// <summary>Whether none is given away any more.</summary>
    public bool IsClosed => _table is null;

    /// <summary>Gives a socket away. One of the same port that is bound or connected otherwise is closed, because it is in the way. The port of one
    /// that was not opened yet is left to the caller. Any thread may ask.</summary>
    public bool TryTake(IPEndPoint server, UpstreamEnd end, out UdpDescriptor socket)
    {
        socket = default;
        if (_table is not { } table || !table.Places.TryGetValue(end.Port, out int place) || !table.TryPass(place, out Held held))
        {
            return false;
        }

        socket = held.Socket;
        if (held.Server.Equals(server) && held.End == end)
        {
            return true;
        }

        socket.Close();
        return false;
    }

    /// <summary>Ends the opening, and closes all that were not taken.</summary>
    public void Close()
    {
        _isEnding = true;
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        Table? table = _table;
        for (int place = 0; place < table?.Records.Length; place++)
        {
            if (table.TryPass(place, out Held held))
            {
                held.Socket.Close();
            }
        }

        _table = null;
    }

    private void Run(Table table)
    {
        int records = table.Records.Length;
        while (!_isEnding)
        {
            int first = Interlocked.Add(ref _next, AtOnce) - AtOnce;
            if (first >= records)
            {
                break;
            }

            for (int place = first; place < Math.Min(first + AtOnce, records); place++)
            {
                Open(table, place);
            }
        }

        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            OpenAgain(table);
            IsDone = true;
            _done();
        }
    }

    private void Open(Table table, int place)
    {
        if (table.TryOpen(place, _open))
        {
            _ = Interlocked.Increment(ref _opened);
        }
    }

    // A process that was killed closes its sockets one by one, beside the one that takes its place: as long as some become free, others will.
    private void OpenAgain(Table table)
    {
        int before;
        do
        {
            before = Volatile.Read(ref _opened);
            for (int place = 0; place < table.Records.Length && !_isEnding; place++)
            {
                if (table.WasInUse(place))
                {
                    Open(table, place);
                }
            }
        }
        while (Volatile.Read(ref _opened) != before);
    }

    private sealed class Table
    {
        private const int Free = 0;
        private const int Opening = -1;
        private const int Passed = -2;
        private const int InUse = -3;
        private readonly int[] _states;
        private readonly Held[] _held;

        public Table(ReadOnlyMemory<MappingRecord> records)
        {
            Records = records;
            Places = new Dictionary<ushort, int>(records.Length);
            for (int place = 0; place < records.Length; place++)
            {
                _ = Places.TryAdd(records.Span[place].UpstreamPort, place);
            }

            (_states, _held) = (new int[records.Length], new Held[records.Length]);
        }

        public ReadOnlyMemory<MappingRecord> Records { get; }

        /// <summary>The first record of each port.</summary>
        public Dictionary<ushort, int> Places { get; }

        public bool WasInUse(int place) => Volatile.Read(ref _states[place]) == InUse;

        /// <summary>Opens the socket of a place that was not opened, nor passed. Whether it is open now.</summary>
        public bool TryOpen(int place, Opener open)
        {
            ref readonly MappingRecord record = ref Records.Span[place];
            int state = WasInUse(place) ? InUse : Free;
            if (Places[record.UpstreamPort] != place || Interlocked.CompareExchange(ref _states[place], Opening, state) != state)
            {
                return false;
            }

            HeldOutcome outcome = open(record, out _held[place]);
            Volatile.Write(ref _states[place], outcome switch
            {
                HeldOutcome.Open => _held[place].Socket.Descriptor + 1,
                HeldOutcome.InUse => InUse,
                _ => Passed,
            });
            return outcome == HeldOutcome.Open;
        }

        /// <summary>From now on nothing is held at a place. Whether something was.</summary>
        public bool TryPass(int place, out Held held)
        {
            SpinWait wait = default;
            int state;
            do
            {
                while ((state = Volatile.Read(ref _states[place])) == Opening)
                {
                    // It takes 10 µs.
                    wait.SpinOnce();
                }
            }
            while (Interlocked.CompareExchange(ref _states[place], Passed, state) != state);

            bool isHeld = state > Free;
            held = isHeld ? _held[place] : default;
            return isHeld;
        }
    }
}

/// <summary>What came of opening a socket that is to be held.</summary>
internal enum HeldOutcome
{
    /// <summary>It cannot be opened.</summary>
    Refused,

    /// <summary>Its port is in use: maybe by the former process, for some milliseconds more.</summary>
    InUse,

    /// <summary>It is open.</summary>
    Open,
}

/// <summary>A socket that is held.</summary>
/// <param name="Server">What it is connected to.</param>
/// <param name="End">Where it is bound.</param>
/// <param name="Socket">The socket.</param>
internal readonly record struct Held(IPEndPoint Server, UpstreamEnd End, UdpDescriptor Socket);
