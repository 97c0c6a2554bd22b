using System.Net;

namespace WgProxy.Core.Engine;

/// <summary>A bound UDP socket that this process had when it was started.</summary>
/// <param name="Name">What it is called by who handed it over.</param>
/// <param name="Descriptor">Its file descriptor. Who takes the socket closes it.</param>
/// <param name="Local">The address that it is bound to.</param>
internal readonly record struct InheritedSocket(string Name, int Descriptor, IPEndPoint Local)
{
    /// <summary>The descriptor of a socket that is closed in this process.</summary>
    public const int Closed = -1;

    /// <summary>Whether it shares its port with sockets that this process opens.</summary>
    public bool SharesPort { get; init; }
}

/// <summary>Listening sockets that outlive an engine. Either another program has made them and hands them over, or an earlier engine has made them
/// and a service manager has kept them. What waits in them is served.</summary>
internal sealed record InheritedSockets
{
    /// <summary>Sockets of another program. If there are any, the engine listens on these alone, and opens none of its own.</summary>
    public IReadOnlyList<InheritedSocket> HandedOver { get; init; } = [];

    /// <summary>Sockets of an earlier engine, by the names of <see cref="KeptName"/>. The engine uses a whole group of them, or none of it.</summary>
    public IReadOnlyList<InheritedSocket> Kept { get; init; } = [];

    /// <summary>Told of each socket that the engine has opened and that is to be kept. Null where no service manager does.</summary>
    public Action<InheritedSocket>? Keep { get; init; }

    /// <summary>Told which of <see cref="Kept"/> the engine does not use, before it opens others in their place. Closes them, and has
    /// them closed by who kept them.</summary>
    public Action<IReadOnlyList<InheritedSocket>>? Release { get; init; }

    /// <summary>The kept sockets with these names that are bound to an address, in the order of the names; null unless all of them are there,
    /// once each.</summary>
    public InheritedSocket[]? Group(IPEndPoint local, IEnumerable<string> names)
    {
        List<InheritedSocket> group = [];
        foreach (string name in names)
        {
            InheritedSocket[] named = [.. Kept.Where(socket => string.Equals(socket.Name, name, StringComparison.Ordinal))];
            if (named is not [{ SharesPort: true } only] || !only.Local.Equals(local))
            {
                return null;
            }

            group.Add(only);
        }

        return [.. group];
    }
}
