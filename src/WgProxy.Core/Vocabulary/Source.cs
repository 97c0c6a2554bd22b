using System.Buffers.Binary;
using System.Net;

namespace WgProxy.Core.Vocabulary;

/// <summary>
/// A client's address, port and scope, and the local address and port that it sent to. A value: two sources are the same client
/// socket, and send to the same place, exactly if all parts agree. IPv4 is kept as v4-mapped IPv6; engines normalise here and nowhere else.
/// </summary>
public readonly struct Source : IEquatable<Source>
{
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly ulong _localHigh;
    private readonly ulong _localLow;
    private readonly uint _scope;
    private readonly ushort _port;
    private readonly ushort _localPort;

    private Source((ulong High, ulong Low) address, (ulong High, ulong Low) local, uint scope, ushort port, ushort localPort)
    {
        (_high, _low) = address;
        (_localHigh, _localLow) = local;
        (_scope, _port, _localPort) = (scope, port, localPort);
    }

    /// <summary>The client's UDP port.</summary>
    public ushort Port => _port;

    /// <summary>The interface index of a link-local client; 0 otherwise.</summary>
    public uint Scope => _scope;

    /// <summary>Whether the client speaks IPv4.</summary>
    public bool IsIPv4 => IsMapped(_high, _low);

    /// <summary>The client's address: IPv4 if it is a v4-mapped one.</summary>
    public IPAddress Address => ToAddress(_high, _low, IsIPv4 ? 0 : _scope);

    /// <summary>The local address the client sent to; unspecified where the engine cannot tell.</summary>
    public IPAddress Local => ToAddress(_localHigh, _localLow, 0);

    /// <summary>The local port the client sent to; 0 where that is not known, as of records that an earlier version has written.</summary>
    public ushort LocalPort => _localPort;

    /// <summary>The five words that tell sources apart, for a keyed hash.</summary>
    internal (ulong High, ulong Low, ulong LocalHigh, ulong LocalLow, ulong PortsAndScope) Words =>
        (_high, _low, _localHigh, _localLow, ((ulong)_localPort << 48) | ((ulong)_scope << 16) | _port);

    /// <summary>The client alone, wherever it sent to.</summary>
    internal Source Client => new((_high, _low), default, _scope, _port, 0);

    /// <summary>The network that one customer usually has: the IPv4 address, or 64 bits of IPv6.</summary>
    internal Prefix Prefix => new(_high, IsIPv4 ? _low : 0);

    /// <summary>The network that one customer usually has, for all sources in it.</summary>
    internal Source Network => new((_high, IsIPv4 ? _low : 0), default, 0, 0, 0);

    /// <summary>The network that one site usually has, as a number: the IPv4 address, or 48 bits of IPv6. The two
    /// cannot collide, because no site has the IPv6 addresses that the bits of a v4-mapped one would make.</summary>
    internal ulong SiteNumber => IsIPv4 ? _low : _high & ~0xFFFFUL;

    /// <summary>The network that one site usually has, for all sources in it: the IPv4 address, or 48 bits of IPv6.</summary>
    internal Source Site => new((IsIPv4 ? _high : _high & ~0xFFFFUL, IsIPv4 ? _low : 0), default, 0, 0, 0);

    /// <summary>Whether both sides are one client socket.</summary>
    public static bool operator ==(in Source left, in Source right) => left.Equals(right);

    /// <summary>Whether the sides are different client sockets.</summary>
    public static bool operator !=(in Source left, in Source right) => !left.Equals(right);

    /// <summary>Builds a source from 16 or 4 address bytes in network order, as a kernel hands them over.</summary>
    /// <param name="address">4 bytes (IPv4) or 16 bytes (IPv6, v4-mapped included).</param>
    /// <param name="port">UDP port in host order.</param>
    /// <param name="scope">Interface index for link-local addresses; ignored for any other address, because the kernel
    /// reports it inconsistently there.</param>
    /// <param name="local">The local address, 4 or 16 bytes; empty if unknown.</param>
    /// <param name="localPort">The local port; 0 if unknown.</param>
    internal static Source From(ReadOnlySpan<byte> address, ushort port, uint scope, ReadOnlySpan<byte> local, ushort localPort = 0)
    {
        (ulong High, ulong Low) words = ToWords(address);
        bool linkLocal = words.High >> 54 == 0xFE80 >> 6;
        return new Source(words, local.IsEmpty ? default : ToWords(local), linkLocal ? scope : 0, port, localPort);
    }

    /// <summary>Builds a source from the framework's types.</summary>
    public static Source From(IPEndPoint client, IPAddress? local = null, ushort localPort = 0)
    {
        Span<byte> address = stackalloc byte[16];
        Span<byte> localAddress = stackalloc byte[16];
        client.Address.TryWriteBytes(address, out int written);
        int localWritten = 0;
        local?.TryWriteBytes(localAddress, out localWritten);
        uint scope = written == 16 ? (uint)client.Address.ScopeId : 0;
        return From(address[..written], (ushort)client.Port, scope, localAddress[..localWritten], localPort);
    }

    /// <summary>The same client, sending to another local address and port.</summary>
    /// <param name="local">The address, 4 or 16 bytes; empty if unknown.</param>
    /// <param name="localPort">The port; 0 if unknown.</param>
    public Source To(ReadOnlySpan<byte> local, ushort localPort) =>
        new((_high, _low), local.IsEmpty ? default : ToWords(local), _scope, _port, localPort);

    /// <summary>The same client, sending to another port of the same local address.</summary>
    public Source To(ushort localPort) => new((_high, _low), (_localHigh, _localLow), _scope, _port, localPort);

    /// <summary>The client as the framework's type.</summary>
    public IPEndPoint ToEndPoint() => new(Address, _port);

    /// <inheritdoc/>
    public bool Equals(Source other) =>
        _low == other._low && _port == other._port && _localPort == other._localPort && _high == other._high && _localLow == other._localLow
        && _localHigh == other._localHigh && _scope == other._scope;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Source other && Equals(other);

    /// <summary>Not for tables of the relay: those use a keyed hash of <see cref="Words"/>.</summary>
    public override int GetHashCode() => HashCode.Combine(_high, _low, _localHigh, _localLow, _scope, _port, _localPort);

    /// <summary>The client as text, such as <c>192.0.2.1:51820</c> or <c>[2001:db8::1]:51820</c>.</summary>
    public override string ToString() => ToEndPoint().ToString();

    private static bool IsMapped(ulong high, ulong low) => high == 0 && low >> 32 == 0xFFFF;

    private static (ulong High, ulong Low) ToWords(ReadOnlySpan<byte> address) =>
        address.Length == 4
            ? (0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(address))
            : (BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]));

    private static IPAddress ToAddress(ulong high, ulong low, uint scope)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], low);
        return IsMapped(high, low) ? new IPAddress(bytes[12..]) : new IPAddress(bytes, scope);
    }
}
