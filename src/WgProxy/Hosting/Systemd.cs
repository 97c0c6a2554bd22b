using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using WgProxy.Core.Engine;

namespace WgProxy.Hosting;

/// <summary>
/// Tells systemd how the program fares, by the protocol of sd_notify(3): ready, reloading, stopping, a line of status, and signs of life for
/// its watchdog. Where systemd did not start the program, or by a unit without <c>Type=notify</c>, nothing is sent. A message that
/// cannot be sent is lost: a manager that does not listen must not stop a relay.
/// </summary>
internal sealed class Systemd : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(2);

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;
    private readonly TimeSpan _watchdog;

    /// <summary>What the environment names.</summary>
    /// <param name="environment">The process's variables.</param>
    public Systemd(IDictionary environment)
    {
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
