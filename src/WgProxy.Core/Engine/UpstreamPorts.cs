using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;

namespace WgProxy.Core.Engine;

/// <summary>Opens a socket to a server by a local address and port, or says what the system refused.</summary>
/// <param name="server">The server.</param>
/// <param name="end">The local address and port; zero what the system is to choose.</param>
/// <param name="socket">The socket.</param>
/// <param name="refusal">What was refused, if it returns false.</param>
internal delegate bool PortOpener<TSocket>(
    IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out TSocket socket, out OpenRefusal refusal);

/// <summary>
/// Local ports for upstream sockets. They are drawn at random (RFC 6056), drawn again if another program has one, and rested after use. So
/// what a server still sends to a former client's port cannot reach the next client. A port that the server never sent to is unknown
/// to it. Such ports rest briefly, and are drawn early if no other is left. Otherwise anyone with the public key could put every
/// port to rest by asking 157 times a second. Where source addresses are given, each socket also gets one of them at random; a port is
/// used at one address at a time. One owner of a relay owns it, and it holds no socket.
/// </summary>
internal sealed class UpstreamPorts
{
    /// <summary>What is asked for the buffers of an upstream socket.</summary>
    public const int Buffer = 1024 * 1024;

    // The ports are not reserved for this program. Others may hold some of them, but hardly ever most.
    private const int Attempts = 16;

    // Which ports are these, a bit each, and which of them and of others a restored mapping may have.
    private readonly ulong[] _own = new ulong[(ushort.MaxValue + 1) / 64];
    private readonly ulong[] _mayReturn = new ulong[(ushort.MaxValue + 1) / 64];

    // Which of them are free, a bit each. Thousands may wake at one draw, and a search for each took 60 ms (16,384 of 28,232).
    private readonly ulong[] _isFree = new ulong[(ushort.MaxValue + 1) / 64];

    // Which are drawn or restored, a bit each, and until when each port of the span between the lowest and the highest rests. An entry of a
    // queue tells the end of a rest only if that is the port's: it may have been restored meanwhile, and rest anew by now.
    private readonly ulong[] _isTaken = new ulong[(ushort.MaxValue + 1) / 64];
    private readonly Tick[] _restsUntil;
    private readonly ushort _lowest;

    private readonly ushort[] _free;
    private readonly Queue<(ushort Port, Tick Until)> _used = new();
    private readonly Queue<(ushort Port, Tick Until)> _unused = new();
    private readonly long _restMilliseconds;
    private readonly (ulong K0, ulong K1) _seed;
    private readonly AddressPool _addresses;
    private ulong _draws;
    private int _count;
    private ushort _spare;

    /// <summary>The given ports.</summary>
    /// <param name="ports">Every port that may be drawn, each once; if there are none, the system chooses.</param>
    /// <param name="rest">How long a port rests that a server has sent to.</param>
    /// <param name="seed">128 random bits; without them, the next draw cannot be predicted from earlier ones.</param>
    /// <param name="addresses">The source addresses; null if the system is to choose.</param>
    /// <param name="mayReturn">Every port that a restored mapping may go on by, also another owner's; null for those that may be drawn.
    /// </param>
    public UpstreamPorts(
        IEnumerable<ushort> ports,
        TimeSpan rest,
        (ulong K0, ulong K1) seed,
        AddressPool? addresses = null,
        IReadOnlyList<ushort>? mayReturn = null)
    {
        _addresses = addresses ?? AddressPool.Empty;
        _free = [.. ports];
        _count = _free.Length;
        foreach (ushort port in _free)
        {
            Set(_own, port, true);
            Set(_isFree, port, true);
        }

        foreach (ushort port in mayReturn ?? _free)
        {
            Set(_mayReturn, port, true);
        }

        _lowest = _free.DefaultIfEmpty<ushort>().Min();
        _restsUntil = new Tick[_free.DefaultIfEmpty<ushort>().Max() - _lowest + 1];
        _restMilliseconds = (long)rest.TotalMilliseconds;
        _seed = seed;
    }

    /// <summary>Ports that could be drawn or are resting; 0 if the system chooses.</summary>
    public int Size => _free.Length;

    /// <summary>Opens a socket by a port that is drawn for it, and by another if the system refuses that one.</summary>
    /// <param name="open">Opens one. Kept by the caller, so that nothing is allocated.</param>
    /// <param name="server">The server.</param>
    /// <param name="now">The instant.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="refusal">What was refused at last, if it returns false.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TryOpen<TSocket>(
        PortOpener<TSocket> open, IPEndPoint server, Tick now, [MaybeNullWhen(false)] out TSocket socket, out OpenRefusal refusal)
    {
        refusal = default;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            ushort port = _spare;
            if (port == 0 && !TryDraw(now, out port))
            {
                socket = default;
                refusal = new OpenRefusal(null, 0, server);
                return false;
            }

            _spare = 0;
            if (TryOpenBy(open, server, new UpstreamEnd(0, port), out socket, out refusal))
            {
                return true;
            }

            if (!refusal.IsOfThePort || Size == 0)
            {
                // Nothing was sent from the port. While a server cannot be reached, askers must not use up the ports.
                _spare = port;
                return false;
            }

            // Another program's port, or one that needs a privilege: there are others.
            Rest(port, now, used: false);
        }

        socket = default;
        return false;
    }

    /// <summary>Opens a socket that takes another's place: by the same address and port if the system lets it, which it may not in the
    /// other IP version, else by what is drawn. The caller rests the former port once the new socket is in its place.</summary>
    /// <inheritdoc cref="TryOpen"/>
    public bool TryReplace<TSocket>(
        PortOpener<TSocket> open,
        IPEndPoint server,
        UpstreamEnd former,
        Tick now,
        [MaybeNullWhen(false)] out TSocket socket,
        out OpenRefusal refusal) =>
        TryOpenBy(open, server, former, out socket, out refusal)
        || (refusal.IsOfThePort && TryOpen(open, server, now, out socket, out refusal));

    /// <summary>Opens the socket of a restored mapping: by the port it had, drawn or resting, or by one that is drawn if the system, or
    /// another mapping, has that, or the operator has chosen other ports since. The caller returns the socket's port by <see cref="Rest"/>. A recorded port that did not open rests.
    /// </summary>
    /// <inheritdoc cref="TryOpen"/>
    /// <param name="open">Opens one.</param>
    /// <param name="server">The server.</param>
    /// <param name="recorded">The port that the mapping had, and its address, which it gets if that may still be drawn.</param>
    /// <param name="used">Whether a server has sent to it, and so may do so again.</param>
    /// <param name="now">The instant.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="refusal">What was refused at last, if it returns false.</param>
    public bool TryReopen<TSocket>(
        PortOpener<TSocket> open,
        IPEndPoint server,
        UpstreamEnd recorded,
        bool used,
        Tick now,
        [MaybeNullWhen(false)] out TSocket socket,
        out OpenRefusal refusal)
    {
        bool mayReturn = Size == 0 || Has(_mayReturn, recorded.Port);
        if (!mayReturn || (Has(_isTaken, recorded.Port) && _spare != recorded.Port))
        {
            return TryOpen(open, server, now, out socket, out refusal);
        }

        if (Has(_isFree, recorded.Port))
        {
            _ = TakeAt(_free.AsSpan(0, _count).IndexOf(recorded.Port));
        }

        Set(_isTaken, recorded.Port, Has(_own, recorded.Port));
        _spare = _spare == recorded.Port ? (ushort)0 : _spare;
        if (TryOpenBy(open, server, recorded, out socket, out refusal))
        {
            return true;
        }

        Rest(recorded.Port, now, used);
        return refusal.IsOfThePort && TryOpen(open, server, now, out socket, out refusal);
    }

    /// <summary>Whether a recorded mapping may have its port again, and where its socket is then bound. Takes nothing.</summary>
    /// <param name="server">The server.</param>
    /// <param name="recorded">The port that the mapping had, and its address.</param>
    /// <param name="end">The address and port.</param>
    public bool MayReopen(IPEndPoint server, UpstreamEnd recorded, out UpstreamEnd end)
    {
        end = default;
        bool isKept = recorded.IsIPv4 == IsIPv4(server) && _addresses.TryFind(recorded.Address, out end);
        end = isKept ? end with { Port = recorded.Port } : new UpstreamEnd(0, recorded.Port);
        return (isKept || _addresses.IsEmpty) && (Size == 0 || Has(_mayReturn, recorded.Port)) && !Has(_isTaken, recorded.Port);
    }

    /// <summary>Draws a port; 0 if the system chooses; false if none is left. The caller returns it by <see cref="Rest"/>.</summary>
    public bool TryDraw(Tick now, out ushort port)
    {
        port = 0;
        if (Size == 0)
        {
            return true;
        }

        Wake(_used, now);
        Wake(_unused, now);
        if (_count == 0)
        {
            return TryWakeEarly(out port);
        }

        int chosen = (int)(((UInt128)Next() * (uint)_count) >> 64);
        port = TakeAt(chosen);
        return true;
    }

    /// <summary>Puts a drawn or restored port to rest; does nothing if it is none of these. A rest never becomes shorter.</summary>
    /// <param name="port">The port.</param>
    /// <param name="now">The instant from which it rests.</param>
    /// <param name="used">Whether a server has sent to it, and so may do so again.</param>
    public void Rest(ushort port, Tick now, bool used = true)
    {
        if (!Has(_own, port) || Has(_isFree, port))
        {
            return;
        }

        Set(_isTaken, port, false);
        Tick until = used ? now + _restMilliseconds : now + RelaySettings.UnusedPortRest;
        if (until >= _restsUntil[port - _lowest])
        {
            _restsUntil[port - _lowest] = until;
            (used ? _used : _unused).Enqueue((port, until));
        }
    }

    /// <summary>Opens a socket by a port: from the address it had, if that may be drawn, or from one that is drawn. If this host does not
    /// have an address, others are tried by the same port.</summary>
    private bool TryOpenBy<TSocket>(
        PortOpener<TSocket> open,
        IPEndPoint server,
        UpstreamEnd wanted,
        [MaybeNullWhen(false)] out TSocket socket,
        out OpenRefusal refusal)
    {
        bool isIPv4 = IsIPv4(server);
        UpstreamEnd end = default;
        bool isKept = wanted.IsIPv4 == isIPv4 && _addresses.TryFind(wanted.Address, out end);
        for (int attempt = 1; isKept || _addresses.TryDraw(isIPv4, NextBits(), out end); attempt++)
        {
            if (open(server, end with { Port = wanted.Port }, out socket, out refusal))
            {
                return true;
            }

            if (!refusal.IsOfTheAddress || !_addresses.HasSeveral(isIPv4) || attempt == Attempts)
            {
                return false;
            }

            isKept = false;
        }

        socket = default;
        refusal = OpenRefusal.NoAddress(server);
        return false;
    }

    private (ulong Entry, ulong High, ulong Low) NextBits() => _addresses.IsEmpty ? default : (Next(), Next(), Next());

    private ulong Next() => SipHash.Hash(_seed.K0, _seed.K1, _draws++);

    private static bool IsIPv4(IPEndPoint server) =>
        server.Address.IsIPv4MappedToIPv6 || server.AddressFamily == IPAddress.Any.AddressFamily;

    private void Wake(Queue<(ushort Port, Tick Until)> resting, Tick now)
    {
        while (resting.TryPeek(out (ushort Port, Tick Until) oldest) && oldest.Until <= now)
        {
            resting.Dequeue();
            if (IsEndOfRest(oldest))
            {
                Set(_isFree, oldest.Port, true);
                _free[_count++] = oldest.Port;
            }
        }
    }

    private bool TryWakeEarly(out ushort port)
    {
        while (_unused.TryDequeue(out (ushort Port, Tick Until) oldest))
        {
            if (IsEndOfRest(oldest))
            {
                port = oldest.Port;
                Set(_isTaken, port, true);
                _restsUntil[port - _lowest] = default;
                return true;
            }
        }

        port = 0;
        return false;
    }

    private bool IsEndOfRest((ushort Port, Tick Until) entry) =>
        !Has(_isTaken, entry.Port) && !Has(_isFree, entry.Port) && _restsUntil[entry.Port - _lowest] == entry.Until;

    private ushort TakeAt(int index)
    {
        ushort port = _free[index];
        Set(_isFree, port, false);
        Set(_isTaken, port, true);
        _free[index] = _free[--_count];
        return port;
    }

    private static bool Has(ulong[] bits, ushort port) => (bits[port / 64] & (1UL << (port % 64))) != 0;

    private static void Set(ulong[] bits, ushort port, bool value) =>
        bits[port / 64] = value ? bits[port / 64] | (1UL << (port % 64)) : bits[port / 64] & ~(1UL << (port % 64));
}
