using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Workers;

// Initiations of clients are judged within a budget. What a turn does not get to, it leaves in the buffers for the next.
internal sealed partial class LinuxWorker
{
    private Initiations[] _initiations;
    private bool _holdsInitiations;

    private void ReadInitiations(Tick now)
    {
        _holdsInitiations = false;
        foreach (Initiations held in _initiations)
        {
            // Each IP version has a budget of its own: a flood of one leaves the other its share.
            held.Budget.Begin();
            Judge(held, now);
            while (held.IsEmpty && held.Budget.IsLeft && held.TryNext())
            {
                if (Receive(held.Listener, held.Batch, now) > 0)
                {
                    Judge(held, now);
                }
            }

            _holdsInitiations |= !held.IsEmpty || held.HasNext;
        }
    }

    private void Judge(Initiations held, Tick now)
    {
        if (held.IsEmpty)
        {
            return;
        }

        while (held.Entry < held.Batch.Count && held.Budget.IsLeft)
        {
            held.Judged = FromClient(held.Listener, held.Batch, held.Entry, held.Judged, ref held.Budget, now);
            if (held.Judged >= held.Batch.LengthOf(held.Entry))
            {
                held.Entry++;
                held.Judged = 0;
            }
        }

        _toServers.Flush();
        SendReplies(held.Listener);
        if (held.Entry == held.Batch.Count)
        {
            held.Batch.Clear();
            held.Entry = 0;
        }
    }

    /// <summary>What was read of the sockets for initiations of an IP version. They share a buffer, so that a port more costs none, and take turns
    /// at it: a flood at one port leaves the others their share.</summary>
    private sealed class Initiations(bool isIPv4)
    {
        // Those with something to read, in the order in which the kernel said so.
        private readonly Queue<ListenSocket> _ready = new();

        /// <summary>What may be judged of it in this turn.</summary>
        public InitiationBudget Budget;

        /// <summary>Whether the sockets are of IPv4.</summary>
        public bool IsIPv4 => isIPv4;

        /// <summary>The socket of what was read.</summary>
        public ListenSocket Listener { get; private set; } = null!;

        /// <summary>What was read. Apart from data, which leave their buffers in the turn in which they came.</summary>
        public ReceiveBatch Batch { get; } = new(InitiationBudget.PerTurn);

        /// <summary>The entry that is judged next, and how many of its bytes have been.</summary>
        public int Entry { get; set; }

        /// <inheritdoc cref="Entry"/>
        public int Judged { get; set; }

        /// <summary>Whether all has been judged.</summary>
        public bool IsEmpty => Batch.Count == 0;

        /// <summary>Whether another socket has something to read.</summary>
        public bool HasNext => _ready.Count > 0;

        /// <summary>Makes room for so many sockets, so that none allocates later.</summary>
        public void MakeRoom(int sockets) => _ready.EnsureCapacity(sockets);

        /// <summary>Forgets what came to addresses that are given up.</summary>
        public void ForgetClosed()
        {
            if (!IsEmpty && Listener.IsClosed)
            {
                Batch.Clear();
                (Entry, Judged) = (0, 0);
            }

            for (int left = _ready.Count; left > 0; left--)
            {
                ListenSocket next = _ready.Dequeue();
                next.IsInRow = !next.IsClosed;
                if (next.IsInRow)
                {
                    _ready.Enqueue(next);
                }
            }
        }

        /// <summary>A socket has something to read. It has one place in the row.</summary>
        public void Note(ListenSocket listener)
        {
            if (!listener.IsInRow)
            {
                listener.IsInRow = true;
                _ready.Enqueue(listener);
            }
        }

        /// <summary>Takes the next socket. Whether there is one.</summary>
        public bool TryNext()
        {
            if (!_ready.TryDequeue(out ListenSocket? next))
            {
                return false;
            }

            next.IsInRow = false;
            Listener = next;
            return true;
        }
    }
}
