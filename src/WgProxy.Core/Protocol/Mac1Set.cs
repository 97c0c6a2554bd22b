namespace WgProxy.Core.Protocol;

/// <summary>
/// Many keys, to find out to which of them the mac1 of a message belongs. A key keeps its position until it is removed. Looking
/// allocates nothing, and any thread may look while none adds or removes.
/// </summary>
internal sealed class Mac1Set
{
    // One step of the fastest matcher takes as long as two keys one by one.
    private const int Few = 2;

    private const int KeysPerStep = 8;

    private readonly IMac1Matcher _matcher;
    private Mac1?[] _keys = new Mac1?[Mac1Group.Keys];
    private uint[] _groups = [];

    /// <summary>A set without keys.</summary>
    /// <param name="matcher">What compares; by default <see cref="Mac1Matchers.Best"/>.</param>
    public Mac1Set(IMac1Matcher? matcher = null)
    {
        _matcher = matcher ?? Mac1Matchers.Best;
        Grow(Mac1Group.Keys);
    }

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>One more than the highest position in use. What <see cref="Match(ReadOnlySpan{byte})"/> costs depends on this.</summary>
    public int End { get; private set; }

    /// <summary>What one <see cref="Match(ReadOnlySpan{byte})"/> costs at the most: in steps of eight keys, or in keys if there are few.</summary>
    public int Steps => End > Few ? (End + KeysPerStep - 1) / KeysPerStep : End;

    /// <summary>Adds a key at the lowest position that is free, and returns the position. Equal keys may be added; the first is found.</summary>
    public int Add(Mac1 key)
    {
        int free = Array.IndexOf(_keys, null);
        int position = free < 0 ? _keys.Length : free;
        Put(position, key);
        return position;
    }

    /// <summary>Puts a key at a position that the caller chooses, in place of the one that is there.</summary>
    /// <param name="position">Any, but memory and <see cref="Match(ReadOnlySpan{byte})"/> cost what <see cref="End"/> then is.</param>
    /// <param name="key">The key.</param>
    public void Put(int position, Mac1 key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        while (position >= _keys.Length)
        {
            Grow(2 * _keys.Length);
        }

        Span<uint> state = stackalloc uint[Blake2s.StateWords];
        key.CopyStateTo(state);
        for (int row = 0; row < state.Length; row++)
        {
            _groups[Mac1Group.IndexOf(position, row)] = state[row];
        }

        _groups[Mac1Group.IndexOf(position, Mac1Group.VacancyRow)] = 0;
        Count += _keys[position] is null ? 1 : 0;
        _keys[position] = key;
        End = Math.Max(End, position + 1);
    }

    /// <summary>Removes a key. Its position is free; the others keep theirs.</summary>
    /// <exception cref="ArgumentException">There is no key at this position.</exception>
    public void Remove(int position)
    {
        if ((uint)position >= (uint)_keys.Length || _keys[position] is null)
        {
            throw new ArgumentException($"There is no key at position {position}.", nameof(position));
        }

        _keys[position] = null;
        Count--;
        for (int row = 0; row <= Mac1Group.VacancyRow; row++)
        {
            _groups[Mac1Group.IndexOf(position, row)] = row == Mac1Group.VacancyRow ? Mac1Group.Vacant : 0;
        }

        while (End > 0 && _keys[End - 1] is null)
        {
            End--;
        }
    }

    /// <summary>Returns the lowest position whose key the message's mac1 belongs to, or -1. It takes the same time wherever
    /// a wrong mac1 differs from the right ones; a right one ends the search, so its position may show in the time.</summary>
    /// <param name="message">An initiation or a response; whatever has another length belongs to none.</param>
    public int Match(ReadOnlySpan<byte> message) => Match(message, _matcher);

    /// <summary>The same, compared by what the caller chooses.</summary>
    public int Match(ReadOnlySpan<byte> message, IMac1Matcher matcher)
    {
        if (Mac1.OffsetIn(message) < 0)
        {
            return -1;
        }

        return End > Few ? matcher.Match(_groups, End, message) : MatchOneByOne(message);
    }

    private int MatchOneByOne(ReadOnlySpan<byte> message)
    {
        for (int position = 0; position < End; position++)
        {
            if (_keys[position]?.Verify(message) == true)
            {
                return position;
            }
        }

        return -1;
    }

    private void Grow(int positions)
    {
        Array.Resize(ref _keys, positions);
        int held = _groups.Length;
        Array.Resize(ref _groups, Mac1Group.CountFor(positions) * Mac1Group.Words);
        for (int group = held; group < _groups.Length; group += Mac1Group.Words)
        {
            _groups.AsSpan(group + (Mac1Group.VacancyRow * Mac1Group.Keys), Mac1Group.Keys).Fill(Mac1Group.Vacant);
        }
    }
}
