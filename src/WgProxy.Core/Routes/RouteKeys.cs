using WgProxy.Core.Protocol;

namespace WgProxy.Core.Routes;

/// <summary>The keys of the routes that are served at the same addresses, and at each key's position the index of its route.</summary>
/// <param name="listen">The addresses.</param>
/// <param name="matcher">What compares an initiation with all keys at once.</param>
internal sealed class RouteKeys(ListenList listen, IMac1Matcher matcher)
{
    private readonly Mac1Set _keys = new(matcher);
    private int[] _indices = [];

    /// <summary>The addresses.</summary>
    public ListenList Listen => listen;

    /// <summary>The number of the search that last found it served where the source sends to.</summary>
    public long ServedIn { get; set; }

    /// <summary>Whether there is no key.</summary>
    public bool IsEmpty => _keys.Count == 0;

    /// <summary>What one <see cref="Match"/> costs at the most, in steps of eight keys.</summary>
    public int Steps => _keys.Steps;

    /// <summary>Adds a route's key, and returns its position.</summary>
    public int Add(Mac1 key, int index)
    {
        int position = _keys.Add(key);
        if (position >= _indices.Length)
        {
            Array.Resize(ref _indices, Math.Max(2 * _indices.Length, position + 1));
        }

        _indices[position] = index;
        return position;
    }

    /// <summary>Removes the key at a position.</summary>
    public void Remove(int position) => _keys.Remove(position);

    /// <summary>The index of the route whose key an initiation was made with; -1 if there is none.</summary>
    public int Match(ReadOnlySpan<byte> initiation)
    {
        int position = _keys.Match(initiation);
        return position < 0 ? -1 : _indices[position];
    }
}
