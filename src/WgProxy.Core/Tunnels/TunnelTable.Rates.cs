using WgProxy.Core.Containers;

namespace WgProxy.Core.Tunnels;

// How much data each tunnel has carried of late.
internal sealed partial class TunnelTable
{
    // For each tunnel, what went up and what came down. Most relays limit nothing, and a row has no room.
    private ByteBucket[] _carried = [];

    /// <summary>From now on it is kept how much each tunnel carries.</summary>
    public void KeepCarried()
    {
        if (_carried.Length == 0)
        {
            _carried = new ByteBucket[2 * _rows.Length];
        }
    }

    /// <summary>What a tunnel has carried of its rate in one direction.</summary>
    public ref ByteBucket CarriedBy(int tunnel, Direction direction)
    {
        // Kept before the first datagram, but for the first limits of a route that waited for another's index to be free.
        KeepCarried();
        return ref _carried[(2 * tunnel) + (int)direction];
    }

    // What takes this tunnel's place has carried nothing.
    private void ForgetCarried(int tunnel)
    {
        if (_carried.Length > 0)
        {
            _carried.AsSpan(2 * tunnel, 2).Clear();
        }
    }
}
