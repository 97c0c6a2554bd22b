using System.Net;
using WgProxy.Core.Journal;

namespace WgProxy.Core.Engine;

/// <summary>The addresses that an engine listens on, as sources name them: a source says to which of them its client sends.</summary>
/// <param name="places">The addresses with their ports.</param>
/// <param name="knowsLocal">Whether the engine knows, where it listens on every address of the host, to which of them a client sent.</param>
internal sealed class ListenPlaces(IReadOnlyList<IPEndPoint> places, bool knowsLocal)
{
    /// <summary>The addresses with their ports.</summary>
    public IReadOnlyList<IPEndPoint> All => places;

    /// <summary>Whether an address stands for every address of the host.</summary>
    public static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>What a source says of the local address, where the kernel need not say it for each datagram: the address that is listened on.
    /// Empty if that stands for several.</summary>
    public static byte[] LocalOf(IPAddress listening) => IsWildcard(listening) ? [] : listening.GetAddressBytes();

    /// <summary>Where a source sends to, as a number among the places. If that is no place any more, or a record does not say, it is the
    /// first that fits: from there the client can be answered. −1 if no place has its IP version.</summary>
    public int Of(in Source source)
    {
        int ofVersion = -1;
        IPAddress local = source.Local;
        bool isKnown = !local.Equals(IPAddress.IPv6Any);
        for (int place = 0; place < places.Count; place++)
        {
            IPEndPoint each = places[place];
            if (each.AddressFamily == IPAddress.Any.AddressFamily != source.IsIPv4)
            {
                continue;
            }

            if (Fits(each, source, isKnown, local))
            {
                return place;
            }

            ofVersion = ofVersion < 0 ? place : ofVersion;
        }

        return ofVersion;
    }

    /// <summary>The source of a recorded client, as a datagram of its at that place has it now.</summary>
    public Source Place(Source source)
    {
        int place = Of(source);
        return place < 0 ? source : At(place, source);
    }

    /// <summary>The same for the client of a record. If the record does not say to which port it sends, or that is no place any more, it is the first that fits
    /// of those where its server is served, or it could not go on at all.</summary>
    public Source Place(in MappingRecord record, Relay relay)
    {
        Source source = record.Source;
        IPAddress local = source.Local;
        bool isKnown = !local.Equals(IPAddress.IPv6Any);
        Source? served = null;
        for (int place = 0; place < places.Count; place++)
        {
            IPEndPoint each = places[place];
            if (each.AddressFamily == IPAddress.Any.AddressFamily != source.IsIPv4)
            {
                continue;
            }

            Source placed = At(place, source);
            bool fits = Fits(each, source, isKnown, local);
            if (fits && source.LocalPort != 0)
            {
                return placed;
            }

            if (relay.Serves(record.Route, placed))
            {
                if (fits)
                {
                    return placed;
                }

                served ??= placed;
            }
        }

        return served ?? Place(source);
    }

    private static bool Fits(IPEndPoint place, in Source source, bool isKnown, IPAddress local) =>
        (source.LocalPort == 0 || source.LocalPort == place.Port) && (!isKnown || IsWildcard(place.Address) || HasSameBytes(place.Address, local));

    private Source At(int place, in Source source)
    {
        (IPAddress address, ushort port) = (places[place].Address, (ushort)places[place].Port);
        return IsWildcard(address) && knowsLocal ? source.To(port) : source.To(LocalOf(address), port);
    }

    // Not Equals: a link-local address also has a scope, which is no part of a source's local address.
    private static bool HasSameBytes(IPAddress left, IPAddress right) => left.GetAddressBytes().AsSpan().SequenceEqual(right.GetAddressBytes());
}
