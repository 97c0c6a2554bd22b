using System.Runtime.InteropServices;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Mappings;

/// <summary>Watches whether the server answers one mapping: what waits for an answer, since when, and how long that may take. Data wait for
/// anything valid from the server, initiations for a response. Only the watch writes its state. The relay reports what happens, and
/// asks whether the client is unanswered.</summary>
// Packed: this is part of every row.
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct AnswerWatch
{
    // The instant after which further unanswered data are a sign; zero while no data are unanswered. The wait began _patience before.
    private Tick _overdueFrom;
    private Tick _askedSince;
    private ushort _patience;
    private byte _askedInVain;
    private Mark _marks;

    /// <summary>When the mapping began to ask. For a proven one, when the first of its unanswered initiations was forwarded.
    /// </summary>
    public readonly Tick AskedSince => _askedSince;

    /// <summary>Whether data of the client need attention: nothing was unanswered before, or something has been for too
    /// long.</summary>
    public readonly bool IsDue(Tick now) => _overdueFrom <= now;

    /// <summary>The engine has had a sign that the client is unanswered, and nothing valid has come from the server since.
    /// </summary>
    public readonly bool IsUnanswered => Has(Mark.IsUnanswered);

    /// <summary>Whether a proven client has waited so long that the mapping must move to another address: its data are overdue, the address
    /// cannot be reached, or its initiations have had no answer for long.</summary>
    public readonly bool HasWaitedLong(Tick now) =>
        IsOverdue(now) || IsUnreachable || (_askedInVain >= AskedBeforeMoved && now >= _askedSince + AskedBeforeMovedFor);

    /// <summary>Whether a newcomer that asks now asked before, and would not ask again so soon if it had been answered.</summary>
    public readonly bool HasNewcomerWaited(Tick now) => _askedInVain > 0 && now >= _askedSince + AskedElsewhereAfter;

    /// <summary>Whether the name lists the server elsewhere, or the server is known to answer at another address than this mapping's.</summary>
    public readonly bool IsElsewhere => Has(Mark.IsElsewhere);

    /// <summary>Whether data wait for an answer.</summary>
    public readonly bool HasDataWaiting => _overdueFrom != default;

    // This host had no path to the mapping's address, and nothing valid has come from the server since.
    private readonly bool IsUnreachable => Has(Mark.IsUnreachable);

    private readonly long PatienceNow =>
        IsUnreachable ? AnsweredUnreachableWithin
        : Has(Mark.IsPrompt) && IsElsewhere ? AnsweredElsewhereWithin
        : AnsweredWithin;

    /// <summary>A new mapping asks for the first time.</summary>
    public void BeginAsking(Tick now)
    {
        _askedSince = now;
        _askedInVain = 1;
    }

    /// <summary>A lingering mapping is revived. Its earlier initiations are forgotten, but not that it has asked.</summary>
    public void Revive(Tick now) => _askedSince = now;

    /// <summary>A recorded mapping goes on, which began to ask then.</summary>
    public void Restore(Tick askedSince) => _askedSince = askedSince;

    /// <summary>Data that need an answer have been forwarded. Called if <see cref="IsDue"/>. Returns whether that is a sign.</summary>
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

    /// <summary>An initiation of a proven client is forwarded. Returns whether that is a sign: the client asked before, and an answered
    /// client would not ask again so soon.</summary>
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

    /// <summary>This host has no path to the mapping's address.</summary>
    public void LosePath(Tick now)
    {
        Set(Mark.IsUnreachable, true);
        Hurry(now);
    }

    /// <summary>This host has a path to the mapping's address.</summary>
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

    /// <summary>Sets <see cref="IsElsewhere"/>.</summary>
    public void Place(bool isElsewhere) => Set(Mark.IsElsewhere, isElsewhere);

    /// <summary>An answer has become less likely. The wait is shortened to what it would now be from the beginning.
    /// </summary>
    public void Hurry(Tick now)
    {
        Tick latest = now + PatienceNow;
        if (_overdueFrom > latest)
        {
            WaitUntil(latest);
        }
    }

    /// <summary>Something valid came from the server. The time that it took sets the next wait.</summary>
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

    // The answer is overdue at that instant. The wait began with the data.
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

        // The client's last data that needed an answer had one promptly.
        IsPrompt = 4,
        IsElsewhere = 8,
    }
}
