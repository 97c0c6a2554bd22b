using WgProxy.Linux.Net;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>Who has the relay's port, and who may get it.</summary>
internal static class ListenPort
{
    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Listen.Port == 0)
        {
            return [];
        }

        return HeldBy(facts).Concat(HandedOut(facts));
    }

    private static IEnumerable<Finding> HeldBy(Facts facts)
    {
        int port = facts.Listen.Port;
        if (facts.Port is not { } state)
        {
            yield break;
        }

        PortHolder[] holders = [.. state.Holders.Where(holder => !holder.IsManager).DistinctBy(holder => holder.Process)];
        PortHolder? stranger = Array.Find(holders, holder => !holder.IsRelay);
        if (holders.Length > 1)
        {
            yield return FindingKinds.PortShared.With(
                ("port", port), ("programs", string.Join(", ", holders.AsEnumerable())), ("others", string.Join(' ', holders.Skip(1).Select(holder => holder.Process))));
        }
        else if (stranger is not null)
        {
            yield return FindingKinds.PortTaken.With(("port", port), ("program", stranger));
        }
        else if (holders is [PortHolder relay])
        {
            yield return FindingKinds.RelayRuns.With(("program", relay), ("port", port));
        }
        else if (state.Holders.Count > 0)
        {
            yield return FindingKinds.RelayAwaited.With(("port", port));
        }
        else if (state.Sockets == 0)
        {
            yield return state.Refusal is { } refusal ? Refused(facts, refusal.Error, $"{refusal.Address}") : FindingKinds.RelayDown.With(("port", port));
        }
    }

    private static Finding Refused(Facts facts, int error, string address)
    {
        (string, object)[] values = [("listen", facts.Listen), ("address", address), ("port", facts.Listen.Port), ("reason", HostTrials.Words(error))];
        return HostTrials.IsForbidden(error) ? FindingKinds.PortForbidden.With(values)
            : HostTrials.IsMissing(error) ? FindingKinds.AddressMissing.With(values)
            : FindingKinds.ListenRefused.With(values);
    }

    private static IEnumerable<Finding> HandedOut(Facts facts)
    {
        int port = facts.Listen.Port;
        if (facts.Ports is not { IsTold: true } ports)
        {
            yield break;
        }

        bool isHandedOut = port >= ports.Range.First && port <= ports.Range.Last && !IsReserved(facts.Reserved, port);
        string reserved = facts.Reserved.Trim();
        yield return isHandedOut
            ? FindingKinds.PortHandedOut.With(
                ("port", port), ("first", ports.Range.First), ("last", ports.Range.Last), ("reserved", reserved.Length == 0 ? $"{port}" : $"{reserved},{port}"))
            : FindingKinds.PortKept.With(("port", port));
    }

    private static bool IsReserved(string reserved, int port) =>
        reserved.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(item => item.Split('-'))
            .Any(span => int.TryParse(span[0], out int first) && int.TryParse(span[^1], out int last) && port >= first && port <= last);
}
