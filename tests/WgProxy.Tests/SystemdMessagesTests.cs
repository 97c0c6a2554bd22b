using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Tests.State;

namespace WgProxy.Tests;

/// <summary>What systemd is told, message by message: a socket of the test plays its part.</summary>
public sealed class SystemdMessagesTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"notify-{Guid.NewGuid():N}");
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
    private readonly Hashtable _environment = [];

    public SystemdMessagesTests()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(_path));
        _environment["NOTIFY_SOCKET"] = _path;
    }

    public void Dispose()
    {
        _manager.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void Each_step_is_a_message()
    {
        using Systemd systemd = new(_environment);
        systemd.Ready("relays to 192.0.2.1:51820");
        Assert.Equal("READY=1\nSTATUS=relays to 192.0.2.1:51820", Heard());
        double before = Math.Floor(Stopwatch.GetElapsedTime(0).TotalMicroseconds);
        systemd.Reloading();
        string reloading = Heard();
        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$", reloading);
        double told = double.Parse(reloading.AsSpan(reloading.LastIndexOf('=') + 1), CultureInfo.InvariantCulture);
        Assert.InRange(told, before, Stopwatch.GetElapsedTime(0).TotalMicroseconds);
        systemd.Stopping();
        Assert.Equal("STOPPING=1", Heard());
    }

    [Theory]
    [InlineData("2000000", 2_000_000)]
    [InlineData("17280000000000", 17_280_000_000_000)]
    [InlineData("0", 0)]
    [InlineData("x", 0)]
    [InlineData("-5", 0)]
    [InlineData("99999999999999999999", 0)]
    public async Task The_watchdog_is_fed_at_once_whatever_its_time(string text, long microseconds)
    {
        _environment["WATCHDOG_USEC"] = text;
        using Systemd systemd = new(_environment);
        Assert.Equal(TimeSpan.FromMicroseconds(microseconds), systemd.Watchdog);
        using MemoryEngine engine = new(new EngineSettings { Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Routes = [Keys.Route()], Seeds = new() }, new MemoryEngineNetwork());
        engine.Start();
        using CancellationTokenSource stop = new();
        Task running = systemd.RunAsync(engine, _ => "fine", TimeProvider.System, stop.Token);
        if (microseconds > 0)
        {
            Assert.Equal("WATCHDOG=1\nSTATUS=fine", Heard());
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Only_an_answer_of_the_engine_feeds_the_watchdog()
    {
        _environment["WATCHDOG_USEC"] = "20000";
        using Systemd systemd = new(_environment);
        using BlockingCollection<EngineQuery> asked = [];
        using TakingEngine engine = new() { Asked = asked.Add };
        using CancellationTokenSource stop = new();
        Task running = systemd.RunAsync(engine, _ => "fine", TimeProvider.System, stop.Token);

        // What is heard next shows what was not sent before: nothing while the engine owes an answer, and nothing when too many ask.
        EngineQuery first = Next();
        systemd.Ready("waiting");
        Assert.Equal("READY=1\nSTATUS=waiting", Heard());
        first.End(QueryOutcome.Busy);
        EngineQuery second = Next();
        systemd.Ready("busy");
        Assert.Equal("READY=1\nSTATUS=busy", Heard());
        engine.Asked = static query => query.End(QueryOutcome.Busy);
        second.End(QueryOutcome.Answered);
        Assert.Equal("WATCHDOG=1\nSTATUS=fine", Heard());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        EngineQuery Next()
        {
            Assert.True(asked.TryTake(out EngineQuery? query, 10_000, TestContext.Current.CancellationToken), "the engine is not asked");
            return query;
        }
    }

    [Theory]
    [InlineData("2000000", 1_000)]
    [InlineData("17280000000000", 3_600_000)]
    public async Task The_watchdog_is_fed_twice_in_its_time_and_once_in_an_hour_at_least(string text, int milliseconds)
    {
        _environment["WATCHDOG_USEC"] = text;
        using Systemd systemd = new(_environment);
        using TakingEngine engine = new();
        using CancellationTokenSource stop = new();
        PeriodOfTimer time = new();
        Task running = systemd.RunAsync(engine, _ => "fine", time, stop.Token);
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), time.Period);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    // No file is left, say. That the manager has closed its copy cannot be awaited then: the next bind tells.
    [Fact]
    public void Sockets_are_released_though_there_is_no_pipe_to_wait_by()
    {
        int pipes = 0;
        using Systemd systemd = new(_environment, () =>
        {
            pipes++;
            throw new IOException("Too many open files");
        });
        Socket kept = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        kept.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint local = (IPEndPoint)kept.LocalEndPoint!;
        systemd.Release([new InheritedSocket("one", (int)kept.SafeHandle.DangerousGetHandle(), local), new InheritedSocket("other", InheritedSocket.Closed, local)]);
        kept.SafeHandle.SetHandleAsInvalid();
        Assert.Equal("FDSTOREREMOVE=1\nFDNAME=one", Heard());
        Assert.Equal("FDSTOREREMOVE=1\nFDNAME=other", Heard());
        Assert.Equal(1, pipes);

        // It is closed here all the same.
        using Socket next = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        next.Bind(local);
        systemd.Ready("done");
        Assert.Equal("READY=1\nSTATUS=done", Heard());
    }

    [Fact]
    public void Another_process_s_watchdog_is_not_fed()
    {
        (_environment["WATCHDOG_USEC"], _environment["WATCHDOG_PID"]) = ("2000000", "1");
        using Systemd systemd = new(_environment);
        Assert.Equal(TimeSpan.Zero, systemd.Watchdog);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative")]
    [InlineData("/no/such/socket")]
    public void Without_a_manager_all_is_as_ever(string? path)
    {
        _environment["NOTIFY_SOCKET"] = path;
        using Systemd systemd = new(_environment);
        systemd.Ready("x");
        systemd.Stopping();
    }

    private string Heard()
    {
        byte[] buffer = new byte[4_096];
        return Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
    }

    private sealed class PeriodOfTimer : TimeProvider
    {
        public TimeSpan Period { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Period = period;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
