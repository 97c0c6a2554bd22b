using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// Tunnels by number, and the roaming table that finds them by index. There are never more tunnels than mappings, so there is
/// always a free one. One thread owns the table and changes it; neighbours may
/// copy a tunnel meanwhile, and notice by a version, odd during a change, when they must not believe what they read.
/// </summary>
internal sealed partial class TunnelTable
{
    private readonly RouteTable _routes;
    private readonly MappingTable _mappings;
    private readonly RelayCounters _counters;
    private readonly Tunnel[] _rows;
    private readonly ServerHandshakes[] _handshakes;
    private readonly RoamingTable _indices;
    private readonly int[] _free;
    private int _freeCount;
    private uint _nextIdentity;

    /// <summary>Room for as many tunnels as there are slots.</summary>
    public TunnelTable(RouteTable routes, MappingTable mappings, RelayCounters counters, (ulong K0, ulong K1) seed)
    {
        _routes = routes;
        _mappings = mappings;
        _counters = counters;
        _rows = new Tunnel[mappings.Slots];
        _handshakes = new ServerHandshakes[_rows.Length];
        _peers = new TunnelPeers[_rows.Length];
        _indices = new RoamingTable(_rows.Length * 2 * Tunnel.MaxPairs, seed);
        _free = new int[_rows.Length];

        // Not from zero: a restored tunnel keeps its identity, and should not meet another's.
        _nextIdentity = (uint)SipHash.Hash(seed.K0, seed.K1, (ulong)mappings.Slots);
        for (int tunnel = _rows.Length - 1; tunnel >= 0; tunnel--)
        {
            _free[_freeCount++] = tunnel;
        }
    }

    /// <summary>The tunnel with this number.</summary>
    public ref Tunnel this[int tunnel] => ref _rows[tunnel];

    /// <summary>How often the owner of the table has looked up an index for a datagram.</summary>
    public long LookUps { get; private set; }

    /// <summary>Looks up the tunnels to which an index leads, of all routes at once: the first entry, negative if there is none.
    /// </summary>
    public int LookUp(uint index)
    {
        LookUps++;
        return _indices.First(index);
    }

    /// <summary>The index's entry behind this one; negative if there is none. To go on is no look-up.</summary>
    public int Next(uint index, int entry) => _indices.Next(index, entry);

    /// <summary>The tunnel that an entry names. Its server may no longer stand by the index: see <see cref="HasIssued"/>.</summary>
    public int TunnelAt(int entry) => _indices.TunnelAt(entry);

    /// <summary>Makes a tunnel of the slot's mapping alone.</summary>
    public void Add(int slot, int route)
    {
        Join(Allocate(route, _mappings[slot].Source.SiteNumber), slot);
        _rows[_mappings[slot].Tunnel].HasFounder = true;
    }

    /// <summary>Makes the slot's mapping, which belongs to no tunnel, a member.</summary>
    public void Join(int tunnel, int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Tunnel = tunnel;
        mapping.NextOfTunnel = _rows[tunnel].FirstMember;
        _rows[tunnel].FirstMember = slot;
        _rows[tunnel].Members++;
        MarkMembers(tunnel);
    }

    /// <summary>The slot's mapping leaves its tunnel; the last one takes the tunnel with it.</summary>
    public void Leave(int slot)
    {
        int tunnel = _mappings[slot].Tunnel;
        ref Tunnel row = ref _rows[tunnel];
        Fold(slot, tunnel);
        _mappings.Traffic.End(slot);

        // The first member is the last of the chain.
        row.HasFounder &= _mappings[slot].NextOfTunnel >= 0;
        if (row.FirstMember == slot)
        {
            row.FirstMember = _mappings[slot].NextOfTunnel;
        }
        else
        {
            int before = row.FirstMember;
            while (_mappings[before].NextOfTunnel != slot)
            {
                before = _mappings[before].NextOfTunnel;
            }

            _mappings[before].NextOfTunnel = _mappings[slot].NextOfTunnel;
        }

        row.ForgetSlot(slot);
        if (row.HasHandshakes)
        {
            _handshakes[tunnel].ForgetSlot(slot);
        }

        if (--row.Members == 0)
        {
            Free(tunnel);
        }
        else
        {
            MarkMembers(tunnel);
        }
    }

    /// <summary>The server named a pair on the slot's port.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Learn(int slot, uint server, uint client, Tick now, Tick until)
    {
        int tunnel = _mappings[slot].Tunnel;
        BeginChange();
        bool forgot = _rows[tunnel].Learn(server, client, slot, now, until, isUsed: false, out uint forgotten);
        Index(tunnel, server, forgot, forgotten, now);
        EndChange();
        MarkMembers(tunnel);
    }

    /// <summary>The server asked on the slot's port.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Ask(int slot, uint server, Tick now, Tick until)
    {
        int tunnel = _mappings[slot].Tunnel;
        BeginChange();
        bool forgot = HandshakesOf(tunnel).Ask(server, slot, now, until, out uint forgotten);
        Index(tunnel, server, forgot, forgotten, now);
        EndChange();
        MarkMembers(tunnel);
    }

    /// <summary>A client of the slot's tunnel answered what the server had asked.</summary>
    /// <returns>The slot on whose port the server had asked; -1 if it had not.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int Answer(int slot, uint server, uint client, Tick now)
    {
        int tunnel = _mappings[slot].Tunnel;
        if (!_rows[tunnel].HasHandshakes)
        {
            return -1;
        }

        BeginChange();
        int asked = _handshakes[tunnel].Answer(server, client, now);
        EndChange();
        MarkMembers(tunnel);
        return asked;
    }

    private int Allocate(int route, ulong owner)
    {
        BeginChange();
        int tunnel = _free[--_freeCount];
        ForgetCarried(tunnel);
        _rows[tunnel] = new Tunnel { Route = route, Identity = _nextIdentity++, Owner = owner, FirstMember = -1, InUse = -1 };
        EndChange();
        return tunnel;
    }
}
