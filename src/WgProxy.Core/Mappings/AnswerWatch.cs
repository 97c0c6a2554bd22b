using System.Runtime.InteropServices;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Mappings;

/// <summary>Whether the server answers one mapping: what waits for an answer, since when, and how long that may take. Data wait for
/// anything valid of the server, initiations for a response. The watch alone writes what it knows; the relay tells it what happens, and
/// asks it whether the client goes unanswered.</summary>
// Packed: this is part of every row.
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct AnswerWatch
{
    // From when on more data, unanswered as the earlier, are a sign; zero while none are unanswered. The wait began _patience before.
    private Tick _overdueFrom;
    private Tick _askedSince;
    private ushort _patience;
    private byte _askedInVain;
    private Mark _marks;

    /// <summary>When the mapping began to ask; of a proven one, when the first was forwarded of the initiations that go unanswered.
    /// </summary>
    public readonly Tick AskedSince => _askedSince;

    /// <summary>Whether there is something to do when the client sends data: nothing was unanswered before, or something has been for too
    /// long.</summary>
    public readonly bool IsDue(Tick now) => _overdueFrom <= now;

    /// <summary>The engine has been given a sign that the client goes unanswered, and nothing valid has come from the server since.
    /// </summary>
    public readonly bool IsUnanswered => Has(Mark.IsUnanswered);

    /// <summary>Whether a proven client has waited so long that the mapping is to go to another address: data are overdue, the address
    /// cannot be reached, or initiations have been in vain for long.</summary>
    public readonly bool HasWaitedLong(Tick now) =>
        IsOverdue(now) || IsUnreachable || (_askedInVain >= AskedBeforeMoved && now >= _askedSince + AskedBeforeMovedFor);

    /// <summary>Whether a newcomer that asks now asked before, and would not ask again so soon if it had been answered.</summary>
    public readonly bool HasNewcomerWaited(Tick now) => _askedInVain > 0 && now >= _askedSince + AskedElsewhereAfter;

    // This host had no path to where the mapping goes, and nothing valid has come from the server since.
    private readonly bool IsUnreachable => Has(Mark.IsUnreachable);

    private readonly long PatienceNow =>
        IsUnreachable ? AnsweredUnreachableWithin
        : Has(Mark.IsPrompt) && Has(Mark.IsElsewhere) ? AnsweredElsewhereWithin
        : AnsweredWithin;

    /// <summary>A new mapping asks for the first time.</summary>
    public void BeginAsking(Tick now)
    {
        _askedSince = now;
        _askedInVain = 1;
    }

    /// <summary>A lingering mapping is revived: what it asked before is forgotten, but not that it asked.</summary>
    public void Revive(Tick now) => _askedSince = now;

    /// <summary>A recorded mapping goes on, which began to ask then.</summary>
    public void Restore(Tick askedSince) => _askedSince = askedSince;

    /// <summary>Data that are owed an answer have been forwarded. Called where <see cref="IsDue"/>. Whether that is a sign.</summary>
    public bool CountData(Tick now)
    {
        if (_overdueFrom == default)
        {
            long patience = PatienceNow;
            _patience = (ushort)patience;
            _overdueFrom = now + patience;
            return false;
        }

        WaitUntil(now + BetweenSigns);
        return true;
    }

    /// <summary>An initiation of a client that is not proven is forwarded.</summary>
    public void CountNewcomersAsk() => _askedInVain = 1;

    /// <summary>An initiation of a proven client is forwarded. Whether that is a sign: it asked before, and a client that had been
    /// answered would not have asked again so soon.</summary>
    public bool CountAsk(Tick now)
    {
        if (_askedInVain == 0 || now > _askedSince + AskedTogether)
        {
            BeginAsking(now);
            return false;
        }

        if (now < _askedSince + (_askedInVain * AskedElsewhereAfter))
        {
            return false;
        }

        _askedInVain++;
        return true;
    }

    /// <summary>The engine is given a sign.</summary>
    public void GiveSign() => Set(Mark.IsUnanswered, true);

    /// <summary>This host has no path to where the mapping goes.</summary>
    public void LosePath(Tick now)
    {
        Set(Mark.IsUnreachable, true);
        Hurry(now);
    }

    /// <summary>This host has a path to where the mapping goes.</summary>
    public void FindPath()
    {
        if (!IsUnreachable)
        {
            return;
        }

        Set(Mark.IsUnreachable, false);
        long more = PatienceNow - _patience;
        if (_overdueFrom != default && more > 0)
        {
            WaitUntil(_overdueFrom + more);
        }
    }

    /// <summary>Whether the server is said to be, or known to answer, at another address than the one this mapping goes to.</summary>
    public void Place(bool isElsewhere) => Set(Mark.IsElsewhere, isElsewhere);

    /// <summary>What is waited for has become less likely: it is waited for no longer than it now would be from the beginning.
    /// </summary>
    public void Hurry(Tick now)
    {
        Tick latest = now + PatienceNow;
        if (_overdueFrom > latest)
        {
            WaitUntil(latest);
        }
    }

    /// <summary>Something valid came from the server. How long that took says how long to wait the next time.</summary>
    public void TakeAnswer(Tick now)
    {
        if (_overdueFrom != default)
        {
            Set(Mark.IsPrompt, now - _overdueFrom + _patience < Promptly);
        }

        BeginAnew();
    }

    /// <summary>Something valid came from the server, or the mapping has a new path: nothing counts as unanswered.</summary>
    public void BeginAnew()
    {
        _overdueFrom = default;
        _askedInVain = 0;
        _marks &= ~(Mark.IsUnanswered | Mark.IsUnreachable);
    }

    private readonly bool IsOverdue(Tick now) => _overdueFrom != default && _overdueFrom <= now;

    // What is waited for is overdue then; the wait began when it did.
    private void WaitUntil(Tick overdue)
    {
        _patience = (ushort)Math.Min(_patience + (overdue - _overdueFrom), ushort.MaxValue);
        _overdueFrom = overdue;
    }

    private readonly bool Has(Mark mark) => (_marks & mark) != Mark.None;

    private void Set(Mark mark, bool value) => _marks = value ? _marks | mark : _marks & ~mark;

    [Flags]
    private enum Mark : byte
    {
        None = 0,
        IsUnanswered = 1,
        IsUnreachable = 2,

        // What the client sent last that was owed an answer had one within a moment.
        IsPrompt = 4,
        IsElsewhere = 8,
    }
}
