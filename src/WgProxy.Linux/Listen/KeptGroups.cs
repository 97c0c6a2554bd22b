using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;

namespace WgProxy.Linux.Listen;

/// <summary>
/// Listening groups that an earlier process has left with the service manager. While all sockets of a group were kept, the kernel still has them in
/// the order in which they were bound: it changes the order only where one is closed. So a group is used whole, or not at all.
/// </summary>
internal sealed class KeptGroups
{
    private static readonly string[] Roles = ["metadata", "initiations", "bare"];

    private readonly Dictionary<IPEndPoint, UdpSocket[]> _groups = [];

    /// <summary>Takes the groups that fit, and has all other kept sockets closed, so that their addresses are free.</summary>
    /// <param name="addresses">The addresses to listen on.</param>
    /// <param name="steering">How datagrams are steered: with another number of workers, no group fits.</param>
    /// <param name="segmentation">Whether the kernel may join datagrams: what waits in a socket was joined, or not, as that was set before.</param>
    /// <param name="inherited">What there is; null for nothing.</param>
    public static KeptGroups Take(IEnumerable<IPEndPoint> addresses, Steering steering, Segmentation segmentation, InheritedSockets? inherited)
    {
        KeptGroups kept = new();
        if (inherited is null or { Kept.Count: 0 })
        {
            return kept;
        }

        HashSet<int> used = [];
        foreach (IPEndPoint local in addresses)
        {
            InheritedSocket[]? group = inherited.Group(local, Names(steering, local));
            bool isIPv4 = KernelAddress.IsIPv4(local);
            if (group is not null && group.All(each => new UdpDescriptor(each.Descriptor, isIPv4).Coalesces == segmentation.Coalesces))
            {
                kept._groups[local] = [.. group.Select(each => UdpSocket.TakeOver(each.Descriptor, isIPv4))];
                used.UnionWith(group.Select(each => each.Descriptor));
            }
        }

        InheritedSocket[] others = [.. inherited.Kept.Where(each => !used.Contains(each.Descriptor))];
        if (others.Length > 0)
        {
            inherited.Release?.Invoke(others);
        }

        return kept;
    }

    /// <summary>Has the sockets kept that this process has bound.</summary>
    /// <param name="workers">The sockets of each worker.</param>
    /// <param name="inherited">What is told; null for nothing.</param>
    public static void Keep(IReadOnlyList<IReadOnlyList<ListenSocket>> workers, InheritedSockets? inherited)
    {
        if (inherited?.Keep is not { } keep)
        {
            return;
        }

        for (int worker = 0; worker < workers.Count; worker++)
        {
            foreach (ListenSocket each in workers[worker].Where(socket => !socket.IsInherited))
            {
                IPEndPoint local = each.Socket.LocalEndPoint;
                keep(new InheritedSocket(KeptName.Of(Roles[(int)each.Role], worker, workers.Count, local), each.Socket.Descriptor, local));
            }
        }
    }

    /// <summary>Addresses are listened on no longer: nothing of them is to be kept.</summary>
    public static void Forget(IReadOnlyList<IPEndPoint> addresses, Steering steering, InheritedSockets? inherited)
    {
        if (inherited is { Keep: not null, Release: { } release } && addresses.Count > 0)
        {
            release([.. addresses.SelectMany(local => Names(steering, local).Select(name => new InheritedSocket(name, InheritedSocket.Closed, local)))]);
        }
    }

    /// <summary>The sockets of an address, in the order of the group; null if none are used.</summary>
    public UdpSocket[]? Of(IPEndPoint local) => _groups.GetValueOrDefault(local);

    /// <summary>Closes what was taken.</summary>
    public void Close()
    {
        foreach (UdpSocket socket in _groups.Values.SelectMany(group => group))
        {
            socket.Dispose();
        }
    }

    private static IEnumerable<string> Names(Steering steering, IPEndPoint local) => Enumerable.Range(0, steering.Sockets)
        .Select(number => KeptName.Of(Roles[number / steering.Workers], number % steering.Workers, steering.Workers, local));
}
