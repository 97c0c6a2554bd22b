using System.Runtime.InteropServices;
using WgProxy.Linux.Net;

namespace WgProxy.Hosting;

/// <summary>Handles the operator's signals.</summary>
internal sealed class Signals : IDisposable
{
    private const int LinuxHangUp = 1;
    private const int LinuxUser1 = 10;

    // The registrations live as long as the process, and this field keeps finalizers from removing them. Without a handler these
    // signals end a process, even one that is about to exit, and the exit code is then wrong (138 after SIGUSR1).
    private static readonly List<PosixSignalRegistration> Kept = [];

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _registrations = [];
    private volatile bool _isOver;

    /// <summary>Listens for signals.</summary>
    /// <param name="report">Called when a report is asked for (SIGUSR1).</param>
    /// <param name="hangUp">Called when a terminal goes away, or when an operator or a log rotator asks daemons to reload
    /// (SIGHUP). Without a handler this signal ends a process.</param>
    public Signals(Action report, Action hangUp)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
        if (OperatingSystem.IsLinux())
        {
            // A program that nohup(1) or a shell's background starts has such signals ignored, and .NET would leave them so. These two end
            // nothing here. SIGINT stays ignored: who types Ctrl-C means another program.
            InheritedSignals.Heed(LinuxHangUp);
            InheritedSignals.Heed(LinuxUser1);
        }

        GoOn(PosixSignal.SIGHUP, hangUp);

        // SIGUSR1 has no name in PosixSignal; raw numbers are accepted. It is 10 on Linux and 30 on macOS and the BSDs.
        int userSignal = OperatingSystem.IsLinux() ? LinuxUser1 : OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 30 : 0;
        if (userSignal != 0)
        {
            GoOn((PosixSignal)userSignal, report);
        }
    }

    /// <summary>Runs something until the first signal to stop. False if it ended by itself before.</summary>
    public async Task<bool> RunUntilStopAsync(Func<CancellationToken, Task> run)
    {
        using CancellationTokenSource stop = new();
        Task running = run(stop.Token);
        if (await Task.WhenAny(_stop.Task, running) == running)
        {
            // What else was begun ends too.
            await stop.CancelAsync();
            await running;
            return false;
        }

        await stop.CancelAsync();
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // Stopped by a signal, as intended.
        }

        return true;
    }

    /// <summary>From now on, signals to stop have the system's default effect, and the others have none.</summary>
    public void Dispose()
    {
        _isOver = true;
        _registrations.ForEach(registration => registration.Dispose());
    }

    private void GoOn(PosixSignal signal, Action act) => Kept.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (!_isOver)
        {
            act();
        }
    }));

    // The first signal is handled here. A second one has the system's default effect and ends the process.
    private void Stop(PosixSignalContext context) => context.Cancel = _stop.TrySetResult();
}
