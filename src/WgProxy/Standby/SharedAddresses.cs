using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Linux.Paths;

namespace WgProxy.Standby;

/// <summary>
/// Knows whether this host has the addresses that a pair of relays shares, and when that may have changed: by the kernel's notices, and every second without. Whether a socket can be bound to an
/// address tells nothing on hosts that allow that for any (net.ipv4.ip_nonlocal_bind, which guides to VRRP recommend).
/// </summary>
internal sealed class SharedAddresses : IDisposable
{
    private static readonly TimeSpan Blindly = TimeSpan.FromSeconds(1);

    // Of several addresses that come together, the last comes within microseconds.
    private static readonly TimeSpan Bunch = TimeSpan.FromMilliseconds(5);

    private readonly SemaphoreSlim _changed = new(0);
    private readonly PathWatcher? _watcher;

    /// <summary>Begins to watch.</summary>
    /// <param name="addresses">The addresses, one at least.</param>
    public SharedAddresses(IReadOnlyList<IPAddress> addresses)
    {
        Addresses = addresses;
        _watcher = OperatingSystem.IsLinux() ? PathWatcher.Start(LookAgain, out _, Blindly, Bunch) : null;
    }

    /// <summary>The addresses.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>Those that are not here now.</summary>
    public IReadOnlyList<IPAddress> Missing
    {
        get
        {
            Lazy<IPAddress[]> all = new(() => [.. OwnAddresses.OfThisHost()]);
            return [.. Addresses.Where(each => !(IsLocal(each) ?? all.Value.Contains(each)))];
        }
    }

    /// <summary>Whether all are here now.</summary>
    public bool AreHere => Missing.Count == 0;

    /// <summary>There may be a change.</summary>
    public void LookAgain() => _changed.Release();

    /// <summary>Awaits a sign of a change.</summary>
    /// <param name="longest">For how long at most.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task ChangedAsync(TimeSpan longest, CancellationToken stop)
    {
        _ = await _changed.WaitAsync(longest, stop);

        // Signs that have come meanwhile are of the same change.
        while (_changed.Wait(TimeSpan.Zero, CancellationToken.None))
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watcher?.Dispose();
        _changed.Dispose();
    }

    private static bool? IsLocal(IPAddress address) =>
        OperatingSystem.IsLinux() ? RouteQuestion.IsLocal(AddressPool.EndsOf(new IPNetwork(address, 8 * address.GetAddressBytes().Length)).First, 0, out _) : null;
}
