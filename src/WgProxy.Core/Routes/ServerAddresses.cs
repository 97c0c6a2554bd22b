using System.Net;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Routes;

/// <summary>
/// What one relay has learned about the addresses of one server: which one answered a mapping that had moved there, and
/// which could not be reached lately. The route publishes the addresses. This only orders them.
/// </summary>
internal sealed class ServerAddresses(Route route)
{
    private readonly Failure[] _failures = new Failure[FailuresPerServer];
    private int _next;

    /// <summary>The address that is known to answer. An answered newcomer does not prove that. Only a mapping that
    /// was proven before it came there does, or the very first mapping.</summary>
    public IPEndPoint? Answering { get; private set; }

    /// <summary>The addresses, as they are published now.</summary>
    public IReadOnlyList<IPEndPoint> Listed => route.Addresses;

    /// <summary>Whether the address is one of the server's.</summary>
    public bool IsListed(IPEndPoint address) => IndexOf(address) >= 0;

    /// <summary>Whether an address of the server's, other than this one, is known to answer.</summary>
    public bool AnswersElsewhere(IPEndPoint address) =>
        Answering is not null && !Answering.Equals(address) && IsListed(Answering);

    /// <summary>Whether one of the server's addresses is this one on another interface. The interface of the zone has been made
    /// anew, and nothing answers through the former one.</summary>
    public bool IsRenewed(IPEndPoint address)
    {
        for (int i = 0; i < route.Addresses.Count; i++)
        {
            IPAddress listed = route.Addresses[i].Address;
            if (listed.IsIPv6LinkLocal && address.Address.IsIPv6LinkLocal && listed.ScopeId != address.Address.ScopeId
                && new IPAddress(listed.GetAddressBytes()).Equals(new IPAddress(address.Address.GetAddressBytes())))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The address for a new mapping: the one that is known to answer, or else the best. It prefers reachable
    /// addresses. Null while the server has no address.</summary>
    public IPEndPoint? Best(Tick now)
    {
        if (IsBestAnswering(now))
        {
            return Answering;
        }

        for (int i = 0; i < route.Addresses.Count; i++)
        {
            if (!HasFailed(route.Addresses[i], now))
            {
                return route.Addresses[i];
            }
        }

        return route.Server;
    }

    /// <summary>Whether <see cref="Best"/> is known to answer.</summary>
    public bool IsBestAnswering(Tick now) => Answering is not null && IsListed(Answering) && !HasFailed(Answering, now);

    /// <summary>The next address for a mapping that is not answered: the one that is known to answer, or else the next in the
    /// list. Null if there is no other that was reachable lately.</summary>
    /// <param name="current">The address.</param>
    /// <param name="goesRound">Whether it always takes the next in the list, because it may come from the address that is known to
    /// answer. It goes round until it is answered.</param>
    /// <param name="now">The instant.</param>
    public IPEndPoint? Next(IPEndPoint current, bool goesRound, Tick now)
    {
        if (!goesRound && AnswersElsewhere(current) && !HasFailed(Answering!, now))
        {
            return Answering;
        }

        IReadOnlyList<IPEndPoint> addresses = route.Addresses;
        int at = IndexOf(current);
        for (int step = 1; step <= addresses.Count; step++)
        {
            IPEndPoint candidate = addresses[(at + step) % addresses.Count];
            if (!candidate.Equals(current) && !HasFailed(candidate, now))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>A mapping that was proven before is answered at this address.</summary>
    public void Answered(IPEndPoint address) => Answering = address;

    /// <summary>The system could not connect a socket to this address.</summary>
    public void Failed(IPEndPoint address, Tick now)
    {
        foreach (ref Failure known in _failures.AsSpan())
        {
            if (address.Equals(known.Address))
            {
                known.Until = now + FailedFor;
                return;
            }
        }

        _failures[_next] = new Failure { Address = address, Until = now + FailedFor };
        _next = (_next + 1) % FailuresPerServer;
    }

    /// <summary>Whether the system could not connect a socket to this address a short while ago.</summary>
    public bool HasFailed(IPEndPoint address, Tick now)
    {
        foreach (ref readonly Failure known in _failures.AsSpan())
        {
            if (known.Until > now && address.Equals(known.Address))
            {
                return true;
            }
        }

        return false;
    }

    private int IndexOf(IPEndPoint address)
    {
        IReadOnlyList<IPEndPoint> addresses = route.Addresses;
        for (int i = 0; i < addresses.Count; i++)
        {
            if (addresses[i].Equals(address))
            {
                return i;
            }
        }

        return -1;
    }

    private struct Failure
    {
        public IPEndPoint? Address;
        public Tick Until;
    }
}
