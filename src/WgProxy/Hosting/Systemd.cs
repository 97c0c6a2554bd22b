using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;

namespace WgProxy.Hosting;

/// <summary>
/// Tells systemd how the program fares, by the protocol of sd_notify(3): ready, reloading, stopping, a line of status, and signs of life for
/// its watchdog. Where systemd did not start the program, or by a unit without <c>Type=notify</c>, nothing is sent. A message that
/// cannot be sent is lost: a manager that does not listen must not stop a relay.
/// </summary>
internal sealed class Systemd : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Glimpse = TimeSpan.FromMilliseconds(5);

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;
    private readonly TimeSpan _watchdog;
    private readonly Func<AnonymousPipeServerStream> _newPipe;

    /// <summary>What the environment names.</summary>
    /// <param name="environment">The process's variables.</param>
    /// <param name="newPipe">Makes a pipe to read from, which takes two files; null for the system's.</param>
    public Systemd(IDictionary environment, Func<AnonymousPipeServerStream>? newPipe = null)
    {
        _newPipe = newPipe ?? (static () => new AnonymousPipeServerStream(PipeDirection.In));
        if (environment["NOTIFY_SOCKET"] is not string { Length: > 1 } path || path[0] is not ('/' or '@'))
        {
            return;
        }

        try
        {
            // A first @ stands for the zero byte of an abstract name (unix(7)).
            _manager = new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path.AsSpan(1)}" : path);
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = 1_000 };
        }
        catch (Exception refusal) when (refusal is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            // A name that is too long, or a system that refuses such sockets.
            return;
        }

        _watchdog = WatchdogOf(environment);
    }

    /// <summary>How often the watchdog wants a sign of life; zero if there is none.</summary>
    public TimeSpan Watchdog => _watchdog;

    /// <summary>The relay has started, or has done with reloading.</summary>
    /// <param name="status">What it does, in a few words.</param>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>It begins to reload. The time lets systemd of 253 and later tell this reload from an earlier one.</summary>
    public void Reloading() => Send(
        string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)}"));

    /// <summary>It begins to stop.</summary>
    public void Stopping() => Send("STOPPING=1");

    /// <summary>Whether there is a manager to talk to.</summary>
    public bool IsThere => _socket is not null;

    /// <summary>Has the manager keep a socket, for the next start: it is there again when the unit sets <c>FileDescriptorStoreMax=</c>. The manager is
    /// not to watch it, or an error would end the keeping.</summary>
    public void Keep(InheritedSocket socket) => Send($"FDSTORE=1\nFDPOLL=0\nFDNAME={socket.Name}", socket.Descriptor);

    /// <summary>Closes sockets that were kept, and has the manager close them. Returns when it has, and their ports are free; at the latest
    /// after some seconds.</summary>
    public void Release(IReadOnlyList<InheritedSocket> sockets)
    {
        foreach (InheritedSocket socket in sockets)
        {
            if (socket.Descriptor != InheritedSocket.Closed)
            {
                HandedDescriptor.Close(socket.Descriptor);
            }

            Send($"FDSTOREREMOVE=1\nFDNAME={socket.Name}");
        }

        try
        {
            AwaitRelease(sockets);
        }
        catch (Exception refusal) when (refusal is IOException or SocketException or AggregateException)
        {
            // No file left for the pipe, say. The next bind tells whether the port is free.
        }
    }

    private void AwaitRelease(IReadOnlyList<InheritedSocket> sockets)
    {
        // The manager closes the pipe when it has read what was sent before it (sd_notify_barrier(3), systemd 246).
        using AnonymousPipeServerStream barrier = _newPipe();
        if (Send("BARRIER=1", (int)barrier.ClientSafePipeHandle.DangerousGetHandle()))
        {
            barrier.DisposeLocalCopyOfClientHandle();
            _ = barrier.ReadAsync(new byte[1]).AsTask().Wait(Patience);
        }

        // From version 254 on, it closes files beside what it reads.
        foreach (IPEndPoint local in sockets.Select(socket => socket.Local).Where(local => local.Port != 0).Distinct())
        {
            long began = Stopwatch.GetTimestamp();
            while (IsTaken(local) && Stopwatch.GetElapsedTime(began) < ShortPatience)
            {
                Thread.Sleep(Glimpse);
            }
        }
    }

    /// <summary>Tells the watchdog, twice in its time, that the engine lives. An answer of the engine is such a sign: all of its workers
    /// have ended a turn for it, also those that sleep. If one is stuck, no answer comes, and systemd ends the program.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="status">What there is to say of its figures.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(IEngine engine, Func<CountersSnapshot, string> status, TimeProvider time, CancellationToken stop)
    {
        if (_watchdog == TimeSpan.Zero)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
        }

        // A timer takes 49 days at most.
        using PeriodicTimer timer = new(_watchdog < LongestPause ? _watchdog / 2 : LongestPause / 2, time);
        do
        {
            // Busy means that too many ask, and says nothing about the engine.
            if (await engine.ReadCountersAsync() is CountersSnapshot counters)
            {
                Send($"WATCHDOG=1\nSTATUS={status(counters)}");
            }
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    // Meant for this process, in microseconds (sd_watchdog_enabled(3)). A watchdog that asks for more than a sign in 20 ms is beyond use.
    private static TimeSpan WatchdogOf(IDictionary environment) =>
        environment["WATCHDOG_USEC"] is string text
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds)
        && microseconds is >= 20_000 and < 1L << 50
        && (environment["WATCHDOG_PID"] is not string { Length: > 0 } process
            || string.Equals(process, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
            ? TimeSpan.FromMicroseconds(microseconds)
            : TimeSpan.Zero;

    private static bool IsTaken(IPEndPoint local)
    {
        using Socket probe = new(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (local.AddressFamily == AddressFamily.InterNetworkV6)
            {
                probe.DualMode = false;
            }

            probe.Bind(local);
            return false;
        }
        catch (SocketException refusal)
        {
            return refusal.SocketErrorCode == SocketError.AddressAlreadyInUse;
        }
    }

    private bool Send(string message, int descriptor)
    {
        if (_socket is null)
        {
            return false;
        }

        try
        {
            using Socket connected = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = 1_000 };
            connected.Connect(_manager!);
            return HandedDescriptor.TrySend(connected.SafeHandle, Encoding.UTF8.GetBytes(message), descriptor);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Send(string message)
    {
        try
        {
            _socket?.SendTo(Encoding.UTF8.GetBytes(message), _manager!);
        }
        catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
        {
            // The manager is gone, or starts anew. The next message may reach it.
        }
    }
}
