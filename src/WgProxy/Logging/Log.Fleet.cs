using WgProxy.Fleet;

namespace WgProxy.Logging;

// Lines about the fleet.
internal sealed partial class Log
{
    /// <summary>A file that the section [Fleet] names cannot be used.</summary>
    /// <param name="place">The setting: file, line and key.</param>
    /// <param name="refusal">What is wrong and what was expected.</param>
    public void FleetFileIsWrong(string place, string refusal) => Error($"{place}: {refusal}");

    /// <summary>The section [Fleet] has changed.</summary>
    public void FleetNeedsRestart(string path) => Error($"{path}: [Fleet] has changed: that needs a restart of the relay");

    /// <summary>The relay is part of a fleet.</summary>
    public void JoinsFleet(FleetSettings settings) => Info($"fleet: this relay is {LogLine.Quote(settings.Name)}; the store is {settings.Store.Text}");

    /// <summary>The store does not do what it should, or does so again.</summary>
    /// <param name="settings">The section.</param>
    /// <param name="trouble">What is wrong; null if nothing is.</param>
    public void FleetStoreIs(FleetSettings settings, string? trouble)
    {
        if (trouble is null)
        {
            Info($"fleet: the store {settings.Store.Text} takes records");
        }
        else
        {
            Warning($"fleet: the store {settings.Store.Text} fails: {trouble}; clients that move between relays need a new handshake, and nothing else changes");
        }
    }
}
