using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Net;
using WgProxy.State;

namespace WgProxy.Control;

/// <summary>
/// A Unix socket that only its owner may open, and maybe a group. It is made in a directory of mode 0700 that is its own, gets its group
/// and mode there, and then takes its place at once: no one else can open it in between, and a socket that a killed relay has left is
/// replaced. A file beside it is locked (flock(2)) for as long as the relay lives, so that a socket in use is never replaced.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    private const string NameWhileMade = "s";
    private const UnixFileMode GroupsFile = StateFiles.OwnFile | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const UnixFileMode GroupsDirectory = StateFiles.OwnDirectory | UnixFileMode.GroupExecute;

    private readonly SafeFileHandle _lock;
    private readonly string _path;
    private readonly string _making;
    private bool _isPublished;

    private ControlSocket(string path, string making, SafeFileHandle theLock, Socket bound) =>
        (_path, _making, _lock, Bound) = (path, making, theLock, bound);

    /// <summary>The socket, bound and not yet listening.</summary>
    public Socket Bound { get; }

    /// <summary>Makes a socket that is still to take its place.</summary>
    /// <param name="path">Its place.</param>
    /// <param name="group">The number of the group that may open it too; null for none. A directory that is made for it is opened to the
    /// group; one that is there stays as it is.</param>
    /// <exception cref="IOException">The place cannot be had, in words for the operator.</exception>
    /// <exception cref="SocketException">The system refused a socket.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused a file.</exception>
    public static ControlSocket Make(string path, uint? group)
    {
        string directory = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(directory))
        {
            StateFiles.MakeDirectory(directory);
            Open(directory, group, GroupsDirectory);
        }

        SafeFileHandle theLock = StateFiles.TryLock(path + ".lock") ?? throw new IOException("another relay answers on it");
        string making = path + ".new";
        Socket? bound = null;
        try
        {
            if (Path.Exists(path))
            {
                RefuseIfInUse(path);
            }

            if (Directory.Exists(making))
            {
                Directory.Delete(making, recursive: true);
            }

            StateFiles.MakeDirectory(making);
            bound = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            string name = Path.Combine(making, NameWhileMade);
            bound.Bind(new UnixDomainSocketEndPoint(name));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(name, StateFiles.OwnFile);
            }

            Open(name, group, GroupsFile);
            return new ControlSocket(path, making, theLock, bound);
        }
        catch
        {
            bound?.Dispose();
            theLock.Dispose();
            throw;
        }
    }

    /// <summary>Puts it in its place. It listens.</summary>
    public void Publish()
    {
        File.Move(Path.Combine(_making, NameWhileMade), _path, overwrite: true);
        Directory.Delete(_making);
        _isPublished = true;
    }

    /// <summary>Takes it away.</summary>
    public void Dispose()
    {
        Bound.Dispose();
        if (_isPublished)
        {
            File.Delete(_path);
        }

        _lock.Dispose();
    }

    // The group first: a mode for another group would be another one's right.
    private static void Open(string path, uint? group, UnixFileMode mode)
    {
        if (group is not { } number || OperatingSystem.IsWindows())
        {
            return;
        }

        if (!HostFacts.TryGiveToGroup(path, number, out string refusal))
        {
            throw new IOException($"it cannot be given to group {number}: {refusal}; expected a group that this user is a member of");
        }

        File.SetUnixFileMode(path, mode);
    }

    private static void RefuseIfInUse(string path)
    {
        if (OperatingSystem.IsLinux() && !HostFacts.IsSocket(path))
        {
            throw new IOException("something else than a socket is there; expected a path that is free");
        }

        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            client.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            // No program listens: a killed relay has left it.
            return;
        }

        throw new IOException("another program answers on it");
    }
}
