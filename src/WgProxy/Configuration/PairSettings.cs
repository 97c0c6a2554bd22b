using System.Net;
using WgProxy.Fleet;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>What the settings of one of a pair must have in common. A standby by other settings would take tunnels over that end then: servers would hear their clients from another address.</summary>
internal static class PairSettings
{
    /// <summary>Whether they do; says what does not.</summary>
    public static bool MakeSense(Options options, Log log)
    {
        if (options.Fleet is not { } fleet || (fleet.Standby is null && fleet.Shared.Length == 0))
        {
            return true;
        }

        IReadOnlyList<IPAddress> shared = fleet.SharedAddresses;
        return IsPair(fleet, log) && IsSentFrom(options, shared, log) & IsListenedOn(options, shared, log);
    }

    private static bool IsPair(FleetSettings fleet, Log log)
    {
        if (fleet.Standby is null)
        {
            return Refuse(FleetSection.Shared, $"is {fleet.Shared}: expected {FleetSection.Standby.Name} too, the name of the relay that shares it");
        }

        if (fleet.Shared.Length == 0)
        {
            return Refuse(FleetSection.Standby, $"is {LogLine.Quote(fleet.Standby)}: expected {FleetSection.Shared.Name} too, which VRRP gives to one of the two hosts");
        }

        return !string.Equals(fleet.Standby, fleet.Name, StringComparison.Ordinal)
            || Refuse(FleetSection.Standby, $"is {LogLine.Quote(fleet.Standby)}: that is this relay's own Name; expected the other's");

        bool Refuse(FileKey key, string refusal)
        {
            log.PairIsWrong(fleet.Places.GetValueOrDefault(key.Name) ?? key.Name, refusal);
            return false;
        }
    }

    private static bool IsSentFrom(Options options, IReadOnlyList<IPAddress> shared, Log log)
    {
        IReadOnlyList<IPNetwork> from = options.Binding.Addresses;
        string[] wrong = [.. from.Where(each => each.PrefixLength != 8 * each.BaseAddress.GetAddressBytes().Length || !shared.Contains(each.BaseAddress)).Select(each => each.ToString())];
        if (from.Count > 0 && wrong.Length == 0)
        {
            return true;
        }

        log.SettingIsWrong(
            OptionTable.UpstreamAddress,
            from.Count == 0 ? "any" : wrong[0],
            $"the relay stands by for {LogLine.Quote(options.Fleet!.Standby!)}, and servers must hear both from the address that they share; expected {string.Join(" or ", shared)}");
        return false;
    }

    private static bool IsListenedOn(Options options, IReadOnlyList<IPAddress> shared, Log log)
    {
        IPEndPoint? wrong = options.Listen.All.FirstOrDefault(each => !each.Address.Equals(IPAddress.Any) && !each.Address.Equals(IPAddress.IPv6Any) && !shared.Contains(EndPointText.Normalise(each.Address)));
        if (wrong is not null)
        {
            log.SettingIsWrong(OptionTable.Listen, wrong.ToString(), $"clients that send there cannot follow to {LogLine.Quote(options.Fleet!.Standby!)}; expected {string.Join(" or ", shared)}, or every address");
        }

        return wrong is null;
    }
}
