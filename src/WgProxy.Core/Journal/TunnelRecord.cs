using System.Runtime.CompilerServices;

namespace WgProxy.Core.Journal;

/// <summary>What a record says of its mapping's tunnel. Every mapping of the tunnel has it in its record, so that one record is enough to
/// make the tunnel again, and those of its other mappings add to it.</summary>
internal struct TunnelRecord
{
    /// <summary>Pairs, and questions of the server, that a tunnel holds.</summary>
    public const int Positions = 8;

    /// <summary>Tells the tunnel from every other of the relay that wrote the record; the same in the records of all its mappings.</summary>
    public uint Identity;

    /// <summary>The site of who made the tunnel by a handshake: claims on it are charged to it.</summary>
    public ulong Owner;

    /// <summary>Whose tunnel it is: eight bytes of the peer's key, by which it is found among those that are listed; zero for no peer.</summary>
    public ulong Peer;

    /// <summary>The pairs of indices, by position.</summary>
    public RecordedPairs Pairs;

    /// <summary>What the server asked, by position.</summary>
    public RecordedQuestions Questions;

    /// <summary>The position of the oldest question, which the next one takes.</summary>
    public byte NextQuestion;

    /// <summary>How many mappings the tunnel has, each with a record.</summary>
    public byte Members;

    /// <summary>So many milliseconds pass.</summary>
    internal void Age(long milliseconds)
    {
        for (int position = 0; position < Positions; position++)
        {
            Pairs[position].Remaining = (uint)Math.Max(Pairs[position].Remaining - milliseconds, 0);
            Pairs[position] = Pairs[position].Remaining > 0 ? Pairs[position] : default;
            Questions[position].Remaining = (uint)Math.Max(Questions[position].Remaining - milliseconds, 0);
            Questions[position].Marks &= Questions[position].Remaining > 0 ? IndexMarks.All : ~IndexMarks.LeadsHere;
        }
    }
}

/// <summary>A position for a pair of indices, or for a question of the server: the index with which the server asked, and the one with which a
/// client answered.</summary>
internal struct RecordedIndices
{
    /// <summary>The server's index.</summary>
    public uint ServerIndex;

    /// <summary>The client's index; of a question that was not answered, zero.</summary>
    public uint ClientIndex;

    /// <summary>For how many milliseconds it is still believed. A question that has ended keeps its position, a pair does not.</summary>
    public uint Remaining;

    /// <summary>What is true of it; none if the position is empty.</summary>
    public IndexMarks Marks;

    /// <summary>Whether something is true of it.</summary>
    public readonly bool Has(IndexMarks mark) => (Marks & mark) != IndexMarks.None;
}

/// <summary>What may be true or not of recorded indices. The numbers are part of the layout.</summary>
[Flags]
internal enum IndexMarks : uint
{
    /// <summary>The position is empty.</summary>
    None = 0,

    /// <summary>The position is taken.</summary>
    IsPresent = 1,

    /// <summary>Of a pair: a client has used it. Of a question: a client has answered it.</summary>
    IsUsed = 2,

    /// <summary>The server named it on this record's port.</summary>
    NamedHere = 4,

    /// <summary>The roaming table leads to the tunnel by the server's index: a claim with it belongs here.</summary>
    LeadsHere = 8,

    /// <summary>Every mark that has a meaning.</summary>
    All = 15,
}

/// <summary>The pairs of a tunnel.</summary>
[InlineArray(TunnelRecord.Positions)]
internal struct RecordedPairs
{
    private RecordedIndices _first;
}

/// <summary>What a tunnel's server asked.</summary>
[InlineArray(TunnelRecord.Positions)]
internal struct RecordedQuestions
{
    private RecordedIndices _first;
}

/// <summary>Sender indices of a client's last initiations.</summary>
[InlineArray(Count)]
internal struct RecordedInitiations
{
    /// <summary>How many there can be.</summary>
    public const int Count = 8;

    private uint _first;
}
