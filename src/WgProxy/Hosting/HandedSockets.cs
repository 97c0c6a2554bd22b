using System.Collections;
using System.Globalization;
using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;

namespace WgProxy.Hosting;

/// <summary>
/// The sockets that the program had when it was started, by the protocol of sd_listen_fds(3). Those that an earlier relay has left with systemd
/// are known by their names. All others are for the relay to listen on, and each must be a bound UDP socket of one IP version.
/// </summary>
internal sealed class HandedSockets
{
    private const int First = 3;
    private const int Most = 4_096;

    private HandedSockets(IReadOnlyList<InheritedSocket> listening, IReadOnlyList<InheritedSocket> kept, IReadOnlyList<string> refusals) =>
        (Listening, Kept, Refusals) = (listening, kept, refusals);

    /// <summary>None at all.</summary>
    public static HandedSockets None { get; } = new([], [], []);

    /// <summary>Those to listen on.</summary>
    public IReadOnlyList<InheritedSocket> Listening { get; }

    /// <summary>Those that an earlier relay has left.</summary>
    public IReadOnlyList<InheritedSocket> Kept { get; }

    /// <summary>A sentence for each that cannot be used.</summary>
    public IReadOnlyList<string> Refusals { get; }

    /// <summary>What the variables tell of, meant for this process. Removes the variables, so that no other process takes them for its own.
    /// </summary>
    public static HandedSockets Take(IDictionary environment)
    {
        string? process = environment["LISTEN_PID"] as string;
        string? count = environment["LISTEN_FDS"] as string;
        string[] names = (environment["LISTEN_FDNAMES"] as string)?.Split(':') ?? [];
        foreach (string variable in (string[])["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"])
        {
            environment.Remove(variable);
            Environment.SetEnvironmentVariable(variable, null);
        }

        bool isMeant = OperatingSystem.IsLinux()
            && string.Equals(process, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        int handed = isMeant && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= Most ? number : 0;
        List<InheritedSocket> listening = [];
        List<InheritedSocket> kept = [];
        List<string> refusals = [];
        for (int i = 0; i < handed; i++)
        {
            string name = names.Length == handed ? names[i] : "unknown";
            int descriptor = First + i;
            HandedDescriptor.CloseOnExec(descriptor);
            HandedKind kind = HandedDescriptor.KindOf(descriptor, out IPEndPoint? local);
            if (KeptName.Is(name))
            {
                bool shares = kind == HandedKind.Usable && HandedDescriptor.SharesPort(descriptor);
                kept.Add(new InheritedSocket(name, descriptor, local ?? new IPEndPoint(IPAddress.Any, 0)) { SharesPort = shares });
            }
            else if (kind == HandedKind.Usable)
            {
                listening.Add(new InheritedSocket(name, descriptor, local!));
            }
            else
            {
                refusals.Add($"LISTEN_FDS hands over descriptor {descriptor} as \"{name}\", which {Words(kind, local)}");
            }
        }

        return new HandedSockets(listening, kept, refusals);
    }

    /// <summary>Says how the sockets differ from the addresses that the operator wants to listen on; null if they do not, or there are none.</summary>
    public string? Disagreement(IReadOnlyList<IPEndPoint> listen)
    {
        IPEndPoint[][] wanted = [.. listen.Select(each => ListenPlan.Of(each, static _ => true).EndPoints.ToArray())];
        bool agrees = Listening.All(handed => wanted.Any(each => each.Contains(handed.Local)))
            && wanted.All(each => each.Any(address => Listening.Any(handed => handed.Local.Equals(address))));
        return Listening.Count == 0 || agrees
            ? null
            : $"LISTEN_FDS hands over {string.Join(" and ", Listening.Select(each => $"{each.Local} (\"{each.Name}\")"))}; "
                + "expected the same address and port in both, or only one of them";
    }

    private static string Words(HandedKind kind, IPEndPoint? local) => kind switch
    {
        HandedKind.None => "is not open",
        HandedKind.NoSocket => "is not a socket; expected a UDP socket (ListenDatagram= in the socket unit)",
        HandedKind.OtherSocket => "is not a UDP socket; expected one (ListenDatagram= in the socket unit, systemd-socket-activate --datagram)",
        HandedKind.Unbound => "is not bound to a port; expected a UDP socket that is",
        _ => $"is bound to {local} for both IP versions; expected one socket for each (BindIPv6Only=ipv6-only in the socket unit, and a ListenDatagram= of IPv4 beside it)",
    };
}
