using System.Net;
using System.Net.Sockets;
using WgProxy.Configuration;
using WgProxy.Logging;

namespace WgProxy.Resolving;

/// <summary>Asks the system where a server is.</summary>
internal static class HostLookup
{
    /// <summary>The addresses of a name, in the system's order (RFC 6724); or a link-local address with the index that its
    /// interface has at the moment.</summary>
    /// <exception cref="SocketException">The system knows no address.</exception>
    public static Task<IPAddress[]> AskAsync(ServerName server, CancellationToken stop) => server switch
    {
        { Address: null } => AskOnThreadAsync(server.Host, stop),
        { Zone: null } => Task.FromResult<IPAddress[]>([server.Address]),
        _ when EndPointText.IndexOfZone(server.Zone) is uint index =>
            Task.FromResult<IPAddress[]>([new IPAddress(server.Address.GetAddressBytes(), index)]),
        _ => Task.FromException<IPAddress[]>(new SocketException(
            (int)SocketError.AddressNotAvailable, $"this host has no interface {LogLine.Quote(server.Zone)}")),
    };

    // Each question has a thread. Dns.GetHostAddressesAsync will not do: on Linux it asks for a name only after the previous question
    // for it was answered (System.Net.Dns keeps a queue per name, .NET 6 to 10). One that hangs, for instance in a module of nsswitch,
    // would block all later ones.
    private static Task<IPAddress[]> AskOnThreadAsync(string name, CancellationToken stop) => Task.Factory.StartNew(
        () => Dns.GetHostAddresses(name), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
