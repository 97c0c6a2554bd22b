using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>Some of the addresses and ports that the relay listens on, by which a server's clients come. An address that stands for every one of
/// its IP version, with a port, means all clients that send to that port.</summary>
public sealed class ListenList : IEquatable<ListenList>
{
    private readonly ListenPlace[] _places;

    /// <summary>A list of these addresses.</summary>
    public ListenList(IEnumerable<IPEndPoint> addresses) => _places = [.. addresses.Select(ListenPlace.Of)];

    /// <summary>The list without an address: a server with it is served wherever the relay listens.</summary>
    public static ListenList Everywhere { get; } = new([]);

    /// <summary>Whether a server with this list is served wherever the relay listens.</summary>
    public bool IsEverywhere => _places.Length == 0;

    /// <summary>The addresses with their ports.</summary>
    internal ReadOnlySpan<ListenPlace> Places => _places;

    /// <summary>Whether the source sends to one of the addresses.</summary>
    internal bool Serves(in Source source)
    {
        if (_places.Length == 0)
        {
            return true;
        }

        (ListenPlace exact, ListenPlace any) = (ListenPlace.Of(source), ListenPlace.AnyOf(source));
        foreach (ref readonly ListenPlace place in _places.AsSpan())
        {
            if (place == exact || place == any)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the other list has the same addresses, in the same order.</summary>
    public bool Equals(ListenList? other) => other is not null && _places.AsSpan().SequenceEqual(other._places);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ListenList);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_places.Length, _places is [var first, ..] ? first : default);
}
