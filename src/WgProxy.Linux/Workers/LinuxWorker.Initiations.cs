using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Workers;

// Initiations of clients are judged within a budget. What a turn does not get to, it leaves in the buffers for the next.
internal sealed partial class LinuxWorker
{
    private readonly Initiations[] _initiations;
    private bool _holdsInitiations;

    private void ReadInitiations(Tick now)
    {
        _holdsInitiations = false;
        foreach (Initiations held in _initiations)
        {
            // Each socket has a budget of its own: a flood of one IP version leaves the other its share.
            held.Budget.Begin();
            Judge(held, now);
            if (held.IsEmpty && held.Budget.IsLeft && Receive(held.Listener, held.Batch, now) > 0)
            {
                Judge(held, now);
            }

            _holdsInitiations |= !held.IsEmpty;
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

    /// <summary>What was read of a socket for initiations.</summary>
    private sealed class Initiations(ListenSocket listener)
    {
        /// <summary>What may be judged of it in this turn.</summary>
        public InitiationBudget Budget;

        /// <summary>The socket.</summary>
        public ListenSocket Listener => listener;

        /// <summary>What was read. Apart from data, which leave their buffers in the turn in which they came.</summary>
        public ReceiveBatch Batch { get; } = new(InitiationBudget.PerTurn);

        /// <summary>The entry that is judged next, and how many of its bytes have been.</summary>
        public int Entry { get; set; }

        /// <inheritdoc cref="Entry"/>
        public int Judged { get; set; }

        /// <summary>Whether all has been judged.</summary>
        public bool IsEmpty => Batch.Count == 0;
    }
}
