using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>The sockets that a listening address stands for. It is the same for every engine.</summary>
/// <param name="Addresses">The addresses to bind, each with a socket of its own family only, all with one port.</param>
/// <param name="Port">The port; 0 if the system is to choose one.</param>
internal sealed record ListenPlan(IReadOnlyList<IPAddress> Addresses, int Port)
{
    /// <summary>What is asked for the buffers of a listening socket: about 50 ms of a full 1 Gbit/s link.</summary>
    public const int Buffer = 7 * 1024 * 1024;

    // The port that one family draws may be taken in the other. With 28,231 ports, so many attempts are hardly ever needed.
    private const int Draws = 16;

    /// <summary>The addresses with the port.</summary>
    public IEnumerable<IPEndPoint> EndPoints => Addresses.Select(address => new IPEndPoint(address, Port));

    /// <summary>The plan for an address: <c>[::]</c> means both families, as far as this machine has them; a v4-mapped address means the
    /// IPv4 address; any other means itself. If the machine has neither family, the plan keeps the operator's address, so that binding
    /// reports the reason.</summary>
    /// <param name="listen">What the operator asked for.</param>
    /// <param name="has">Whether this machine has a family: IPv4 if true, else IPv6. A family without any address yet is there: an
    /// interface that gets its first one later finds the socket bound.</param>
    public static ListenPlan Of(IPEndPoint listen, Func<bool, bool> has)
    {
        if (listen.Address.IsIPv4MappedToIPv6)
        {
            return new ListenPlan([listen.Address.MapToIPv4()], listen.Port);
        }

        if (!listen.Address.Equals(IPAddress.IPv6Any))
        {
            return new ListenPlan([listen.Address], listen.Port);
        }

        List<IPAddress> both = [];
        if (has(false))
        {
            both.Add(IPAddress.IPv6Any);
        }

        if (has(true))
        {
            both.Add(IPAddress.Any);
        }

        return new ListenPlan(both.Count == 0 ? [listen.Address] : both, listen.Port);
    }

    /// <summary>Whether to draw another port after this many attempts. The system chose one, and another program has it in the other family, or
    /// has taken it since.</summary>
    public bool MayDrawAgain(int attempts, EngineRefusal cause) =>
        Port == 0 && cause == EngineRefusal.PortInUse && attempts < Draws;
}
