using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace WgProxy.Kernel.Tests;

/// <summary>
/// A virtual machine whose kernel has WireGuard, booted once for all tests. It has two network cards, one for the clients'
/// side and one for the servers'; on both sides of each a bridge, so that every stage has links of its own:
/// <code>
///   guest                                              host
///   c1 ─┐                                             ┌─ relay's namespace of stage 1
///   c2 ─┴─ bridge "clients" ── card ── tap ── bridge ─┴─ relay's namespace of stage 2
/// </code>
/// </summary>
public sealed class Machine : IDisposable
{
    private const int Shells = 28;
    private static readonly TimeSpan Boot = TimeSpan.FromSeconds(180);
    private readonly SemaphoreSlim _booting = new(1);
    private readonly ConcurrentBag<GuestShell> _shells = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-kernel").FullName;
    private SemaphoreSlim? _free;
    private Namespace? _wires;
    private Child? _process;
    private string? _refusal;
    private int _stages;

    /// <summary>The host's end of the cables.</summary>
    internal Namespace Wires => _wires!;

    /// <summary>A number for a stage: part of its names and addresses.</summary>
    internal int NextStage() => Interlocked.Increment(ref _stages);

    /// <summary>Boots at the first call; skips the test that calls where kernel or emulator cannot be had.</summary>
    internal async Task<Machine> RunningAsync()
    {
        await _booting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_free == null && _refusal == null)
            {
                await BootAsync();
            }
        }
        finally
        {
            _booting.Release();
        }

        Assert.SkipWhen(_refusal != null, _refusal ?? "");
        return this;
    }

    /// <summary>Lends a pair of shells, one for each end of a tunnel.</summary>
    internal async Task<(GuestShell Client, GuestShell Server)> TakeShellsAsync()
    {
        await _free!.WaitAsync(TestContext.Current.CancellationToken);
        return _shells.TryTake(out GuestShell? one) && _shells.TryTake(out GuestShell? two)
            ? (one, two)
            : throw new InvalidOperationException("too many shells of the guest were lost");
    }

    /// <summary>Lends one shell.</summary>
    internal async Task UseShellAsync(Func<GuestShell, Task> use)
    {
        (GuestShell one, GuestShell two) = await TakeShellsAsync();
        try
        {
            await use(one);
        }
        finally
        {
            Return(one, two);
        }
    }

    internal void Return(GuestShell one, GuestShell two)
    {
        if (one.IsLost || two.IsLost)
        {
            one.Dispose();
            two.Dispose();
            return;
        }

        _shells.Add(one);
        _shells.Add(two);
        _free!.Release();
    }

    public void Dispose()
    {
        foreach (GuestShell shell in _shells)
        {
            shell.Dispose();
        }

        _process?.Dispose();
        _wires?.Dispose();
        _booting.Dispose();
        _free?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task BootAsync()
    {
        Stopwatch watch = Stopwatch.StartNew();
        GuestImage image;
        try
        {
            image = GuestImage.Make();
        }
        catch (InvalidOperationException unavailable)
        {
            _refusal = unavailable.Message;
            return;
        }

        _wires = new Namespace();
        _process = _wires.Start("qemu", "qemu-system-x86_64", Arguments(image));
        await Eventually.TrueAsync(
            () => _process.HasExited || _process.Lines.Any(line => line.Contains("init: ready", StringComparison.Ordinal)),
            Boot,
            () => $"the guest's kernel is up\n{_process.Tail()}");
        Assert.False(_process.HasExited, $"the emulator ended\n{_process.Tail()}");
        Command.RunWithInput(
            """
            link add clients type bridge
            link add servers type bridge
            link set tap0 master clients
            link set tap1 master servers
            link set tap0 up
            link set tap1 up
            link set clients up
            link set servers up
            """,
            "ip", "-n", _wires.Name, "-batch", "-");
        for (int i = 0; i < Shells; i++)
        {
            _shells.Add(await GuestShell.ConnectAsync(Port(i)));
        }

        _free = new SemaphoreSlim(Shells / 2);
        _shells.TryPeek(out GuestShell? shell);
        await shell!.RunAsync(
            """
            ip -batch - <<end
            link add clients type bridge
            link add servers type bridge
            link set eth0 master clients
            link set eth1 master servers
            link set eth0 up
            link set eth1 up
            link set clients up
            link set servers up
            end
            """);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"measured: kernel: booted {image.Release} in {watch.Elapsed.TotalSeconds:0} s"));
    }

    private string Port(int number) => Path.Combine(_folder, $"port{number}");

    // Without acceleration: where /dev/kvm is there, it need not work, and the times are WireGuard's own anyway. On a busy machine
    // an emulated timer is late, and a kernel that checks it while booting takes it for broken ("8254 timer not connected").
    private string[] Arguments(GuestImage image) =>
    [
        "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", image.Kernel, "-initrd", image.Root,
        "-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check nowatchdog",
        "-serial", "stdio",
        "-netdev", "tap,id=clients,ifname=tap0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=clients,romfile=",
        "-netdev", "tap,id=servers,ifname=tap1,script=no,downscript=no", "-device", "virtio-net-pci,netdev=servers,romfile=",
        "-device", "virtio-serial-pci,max_ports=31",
        .. Enumerable.Range(0, Shells).SelectMany(number => new[]
        {
            "-chardev", $"socket,id=port{number},path={Port(number)},server=on,wait=off",
            "-device", $"virtserialport,chardev=port{number},nr={number + 1}",
        }),
    ];
}
