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
    /// <exception cref="SocketException">The system knows none.</exception>
    public static Task<IPAddress[]> AskAsync(ServerName server, CancellationToken stop) => server switch
    {
        { Address: null } => AskOnThreadAsync(server.Host, stop),
        { Zone: null } => Task.FromResult<IPAddress[]>([server.Address]),
        _ when EndPointText.IndexOfZone(server.Zone) is uint index =>
            Task.FromResult<IPAddress[]>([new IPAddress(server.Address.GetAddressBytes(), index)]),
        _ => Task.FromException<IPAddress[]>(new SocketException(
            (int)SocketError.AddressNotAvailable, $"this host has no interface {LogLine.Quote(server.Zone)}")),
    };

    // A thread for each question, not Dns.GetHostAddressesAsync: on Linux that asks for a name only after its question before
    // has been answered (System.Net.Dns keeps a queue per name, .NET 6 to 10), so one that hangs, in a module of nsswitch
    // say, would hold up all that come after.
    private static Task<IPAddress[]> AskOnThreadAsync(string name, CancellationToken stop) => Task.Factory.StartNew(
        () => Dns.GetHostAddresses(name), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
