using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

/// <summary>Listening sockets that another process has bound.</summary>
internal static class PortableEngineKept
{
    private const string DataRole = "data";
    private const string InitiationsRole = "initiations";

    /// <summary>Groups of one socket each that another program has handed over.</summary>
    public static IReadOnlyList<PortableEngineGroup> TakeOver(IReadOnlyList<InheritedSocket> handed, Action<Socket> setUp) =>
        [.. handed.Select(each => new PortableEngineGroup(SocketOf(each, setUp), Initiations: null, Strangers: []) { IsInherited = true })];

    /// <summary>The groups of an earlier engine that fit, and has all other kept sockets closed, so that their addresses are free.</summary>
    /// <param name="addresses">The addresses to listen on.</param>
    /// <param name="inherited">What there is.</param>
    /// <param name="open">Makes a listening socket of a family, with all its options.</param>
    /// <param name="setUp">Gives a socket the options that do not outlive a process, or may have changed.</param>
    public static IReadOnlyList<PortableEngineGroup> Take(
        IEnumerable<IPEndPoint> addresses, InheritedSockets inherited, Func<AddressFamily, Socket> open, Action<Socket> setUp)
    {
        List<PortableEngineGroup> groups = [];
        IPEndPoint[] all = [.. addresses];
        List<InheritedSocket> others = [.. inherited.Kept];
        foreach (IPEndPoint local in all)
        {
            if (inherited.Group(local, [NameOf(DataRole, local), NameOf(InitiationsRole, local)]) is not { } kept)
            {
                continue;
            }

            others.RemoveAll(kept.Contains);
            if (PortableEngineSharing.TryBind(local, open, PortableEngineSockets.StrangersAt(local, all, []), [.. kept.Select(each => SocketOf(each, setUp))]) is { } group)
            {
                groups.Add(group);
            }
            else
            {
                // Those are closed here already.
                others.AddRange(kept.Select(each => each with { Descriptor = InheritedSocket.Closed }));
            }
        }

        if (others.Count > 0)
        {
            inherited.Release?.Invoke(others);
        }

        return groups;
    }

    /// <summary>Has the sockets kept that this process has bound, and that share a port.</summary>
    public static void Keep(IReadOnlyList<PortableEngineGroup> groups, InheritedSockets? inherited)
    {
        foreach (PortableEngineGroup group in groups.Where(group => !group.IsInherited))
        {
            IPEndPoint local = (IPEndPoint)group.Data.LocalEndPoint!;
            if (group.Initiations is { } initiations)
            {
                inherited?.Keep?.Invoke(new InheritedSocket(NameOf(DataRole, local), (int)group.Data.SafeHandle.DangerousGetHandle(), local));
                inherited?.Keep?.Invoke(new InheritedSocket(NameOf(InitiationsRole, local), (int)initiations.SafeHandle.DangerousGetHandle(), local));
            }
        }
    }

    /// <summary>Addresses are listened on no longer: nothing of them is to be kept.</summary>
    public static void Forget(IReadOnlyList<IPEndPoint> addresses, InheritedSockets? inherited)
    {
        if (inherited is { Keep: not null, Release: { } release } && addresses.Count > 0)
        {
            release([.. addresses.SelectMany(local => new[] { DataRole, InitiationsRole }.Select(role => new InheritedSocket(NameOf(role, local), InheritedSocket.Closed, local)))]);
        }
    }

    private static Socket SocketOf(InheritedSocket inherited, Action<Socket> setUp)
    {
        Socket socket = new(new SafeSocketHandle(inherited.Descriptor, ownsHandle: true));
        setUp(socket);
        return socket;
    }

    private static string NameOf(string role, IPEndPoint local) => KeptName.Of(role, worker: 0, workers: 1, local);
}
