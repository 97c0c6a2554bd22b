using WgProxy.Configuration;
using WgProxy.Hosting;
using WgProxy.Logging;

namespace WgProxy.Control;

/// <summary>Where the control socket is.</summary>
/// <param name="Path">Its path.</param>
/// <param name="IsChosen">Whether the operator, or a service manager for him, has chosen it.</param>
/// <param name="Group">The group that may open it: none, a name or a number.</param>
internal sealed record ControlPlace(string Path, bool IsChosen, string Group)
{
    private const string Name = "control.sock";
    private const string Usual = "/run/wgproxy/" + Name;

    /// <summary>Which socket the settings mean; null for none.</summary>
    /// <param name="setting">The text of the setting: off, auto or a path.</param>
    /// <param name="group">The group: none, a name or a number.</param>
    /// <param name="ofService"><c>$RUNTIME_DIRECTORY</c>, which systemd sets to the paths of RuntimeDirectory= with colons between.</param>
    public static ControlPlace? Of(string setting, string group, string? ofService) => setting switch
    {
        "off" => null,
        "auto" when ofService?.Split(':') is [{ Length: > 0 } first, ..] && System.IO.Path.IsPathRooted(first) =>
            new ControlPlace(System.IO.Path.Combine(first, Name), IsChosen: true, group),
        "auto" => OperatingSystem.IsLinux() ? new ControlPlace(Usual, IsChosen: false, group) : null,
        _ => new ControlPlace(setting, IsChosen: true, group),
    };

    /// <summary>The group's number; null for no group.</summary>
    /// <exception cref="IOException">There is no such group.</exception>
    public uint? GroupNumber() => Group is "none" ? null
        : UnixGroups.NumberOf(Group) ?? throw new IOException($"there is no group {LogLine.Quote(Group)} in /etc/group; expected its name there, or its number");
}

/// <summary>The endpoints of a relay, as far as there are any. What is wrong with one costs that one, and never the relay.</summary>
internal sealed class Endpoints : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _open = [];

    /// <summary>Whether there is any.</summary>
    public bool AreThere => _open.Count > 0;

    /// <summary>Begins to answer where the settings say so.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="resources">Makes what can be asked for. Not called where there is no endpoint.</param>
    /// <param name="log">Told where they answer, or what is wrong.</param>
    public static async Task<Endpoints> StartAsync(Options options, Func<IReadOnlyList<Resource>> resources, Log log)
    {
        Endpoints endpoints = new();
        if (ControlPlace.Of(options.Control, options.ControlGroup, Environment.GetEnvironmentVariable("RUNTIME_DIRECTORY")) is { } place)
        {
            endpoints.Add(await ControlEndpoint.StartAsync(place, resources(), log));
        }

        if (options.Metrics is { } listen)
        {
            MetricsSettings settings = new(listen, options.MetricsHosts.Names, options.MetricsSessions);
            endpoints.Add(await MetricsEndpoint.StartAsync(settings, resources(), log));
        }

        return endpoints;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable endpoint in _open)
        {
            await endpoint.DisposeAsync();
        }
    }

    private void Add(IAsyncDisposable? endpoint)
    {
        if (endpoint is not null)
        {
            _open.Add(endpoint);
        }
    }
}
