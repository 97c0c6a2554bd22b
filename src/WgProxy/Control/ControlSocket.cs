using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Net;
using WgProxy.State;

namespace WgProxy.Control;

/// <summary>
/// A Unix socket that only its owner may open. It is made in a directory of mode 0700 that is its own, gets its mode there, and then
/// takes its place at once: no one else can open it in between, and a socket that a killed relay has left is replaced. A file beside
/// it is locked (flock(2)) for as long as the relay lives, so that a socket in use is never replaced.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    private const string NameWhileMade = "s";

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
    /// <exception cref="IOException">The place cannot be had, in words for the operator.</exception>
    /// <exception cref="SocketException">The system refused a socket.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused a file.</exception>
    public static ControlSocket Make(string path)
    {
        StateFiles.MakeDirectory(Path.GetDirectoryName(path)!);
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
