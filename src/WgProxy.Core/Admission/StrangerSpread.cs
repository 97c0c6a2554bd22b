using System.Net;
using WgProxy.Core.Containers;

namespace WgProxy.Core.Admission;

/// <summary>
/// Chooses one of a few small send buffers for an answer to an unproven client. An answer to an unused address of an attached subnet
/// waits in the kernel for about three seconds. An attacker who forges such addresses can fill a buffer with them. So
/// a keyed hash of the address's network chooses the buffer, and answers to other networks find room. The hash
/// changes every few seconds. A client whose network shares a buffer with a flooded one then does so once, not always.
/// </summary>
/// <param name="key">Secret bits, so that an attacker cannot aim at a buffer.</param>
/// <param name="subnets">Asks the system to which subnets the host is attached; null for no subnets.</param>
internal sealed class StrangerSpread((ulong K0, ulong K1) key, Func<IEnumerable<IPNetwork>>? subnets = null)
{
    /// <summary>The number of buffers.</summary>
    public const int Buffers = 16;

    /// <summary>How many of them are sockets of their own at each of so many addresses of one IP version: all, or, where there are several addresses, a share. The neighbours that
    /// all addresses together can make the kernel look for stay few. Beside addresses that keep theirs there is one, or addresses that are added one by one would have
    /// more than all at once.</summary>
    /// <param name="addresses">How many addresses there are, or are added.</param>
    /// <param name="others">How many addresses of the same version keep their sockets.</param>
    public static int BuffersAt(int addresses, int others = 0) => others > 0 ? 1 : Math.Max(1, Buffers / Math.Max(1, addresses));

    /// <summary>
    /// What to ask for each of them; Linux doubles it. A cookie reply takes 832 bytes (Linux 6.18), so a buffer holds 7 and all
    /// together 112: fewer than the 128 neighbours (gc_thresh1) at which the kernel begins to remove some.
    /// </summary>
    public const int BufferBytes = 2_560;

    // An unanswered neighbour is given up after 3 s, so a network fills two buffers at most; WireGuard asks again after 5 s.
    private const long Interval = 4_000;

    // Subnets change. A missing one costs newcomers something during a flood from it, and proven clients nothing.
    private const long BetweenLooks = 60_000;

    private const int LengthIPv4 = 24;
    private const int LengthIPv6 = 64;
    private const int MappedBits = 96;

    private (ulong High, ulong Low, int Length)[] _wide = [];
    private long _nextLook = BetweenLooks;

    /// <summary>Whether it is time to look up the subnets again. That takes too long for a thread that moves datagrams.</summary>
    public bool WantsSubnets(Tick now)
    {
        if (now.Milliseconds < Volatile.Read(ref _nextLook))
        {
            return false;
        }

        Volatile.Write(ref _nextLook, now.Milliseconds + BetweenLooks);
        return true;
    }

    /// <summary>Looks the subnets up now.</summary>
    public void LookUpSubnets() => Attach(subnets?.Invoke() ?? []);

    /// <summary>The subnets to which the host is attached. Each counts as one network. Those no wider than a /24 or an
    /// IPv6 /64 do so anyway. Any thread may set it.</summary>
    public void Attach(IEnumerable<IPNetwork> subnets) => Volatile.Write(
        ref _wide,
        [.. subnets.Where(subnet => subnet.PrefixLength < LengthOf(subnet) && subnet.PrefixLength > 0).Select(ToWords).Distinct().OrderByDescending(each => each.Length)]);

    /// <summary>The buffer for an answer to this client at this moment.</summary>
    public int Of(in Source client, Tick now)
    {
        (ulong high, ulong low, _, _, _) = client.Words;
        int length = client.IsIPv4 ? MappedBits + LengthIPv4 : LengthIPv6;
        foreach ((ulong wideHigh, ulong wideLow, int wide) in Volatile.Read(ref _wide))
        {
            if (wide < length && (high & Mask(wide)) == wideHigh && (low & Mask(wide - 64)) == wideLow)
            {
                length = wide;
                break;
            }
        }

        ulong interval = (ulong)now.Milliseconds / Interval;
        ulong hash = SipHash.Hash(key.K0, key.K1, high & Mask(length), low & Mask(length - 64), client.Scope, interval, 0);
        return (int)(hash % Buffers);
    }

    private static int LengthOf(IPNetwork subnet) =>
        subnet.BaseAddress.GetAddressBytes().Length == sizeof(uint) ? LengthIPv4 : LengthIPv6;

    private static (ulong High, ulong Low, int Length) ToWords(IPNetwork subnet)
    {
        int length = subnet.PrefixLength + (LengthOf(subnet) == LengthIPv4 ? MappedBits : 0);
        (ulong high, ulong low, _, _, _) = Source.From(new IPEndPoint(subnet.BaseAddress, 0)).Words;
        return (high & Mask(length), low & Mask(length - 64), length);
    }

    private static ulong Mask(int bits) => bits <= 0 ? 0 : bits >= 64 ? ulong.MaxValue : ~(ulong.MaxValue >> bits);
}
