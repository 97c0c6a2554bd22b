using System.Net;
using WgProxy.Linux.Net;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>Who has the relay's ports, and who may get them.</summary>
internal static class ListenPort
{
    /// <summary>Examines them. Ports of which the same is to be said are named together.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        ListenState[] listening = [.. facts.Listening.Where(each => each.Listen.Port != 0)];
        return listening.Select(HeldBy).OfType<Held>()
            .GroupBy(held => (held.Kind, string.Join('\n', held.Values.Select(value => $"{value.Value}"))))
            .Select(same => same.Key.Kind.With([("port", Ports.TextOf(same.Select(held => held.Port))), .. same.First().Values]))
            .Concat(HandedOut(facts, [.. listening.Select(each => each.Listen.Port).Distinct()]));
    }

    private static Held? HeldBy(ListenState listening)
    {
        int port = listening.Listen.Port;
        if (listening.Port is not { } state)
        {
            return null;
        }

        PortHolder[] holders = [.. state.Holders.Where(holder => !holder.IsManager).DistinctBy(holder => holder.Process)];
        PortHolder? stranger = Array.Find(holders, holder => !holder.IsRelay);
        if (holders.Length > 1)
        {
            return new Held(FindingKinds.PortShared, port,
                ("programs", string.Join(", ", holders.AsEnumerable())), ("others", string.Join(' ', holders.Skip(1).Select(holder => holder.Process))));
        }

        return stranger is not null ? new Held(FindingKinds.PortTaken, port, ("program", stranger))
            : holders is [PortHolder relay] ? new Held(FindingKinds.RelayRuns, port, ("program", relay))
            : state.Holders.Count > 0 ? new Held(FindingKinds.RelayAwaited, port)
            : state.Sockets > 0 ? null
            : state.Refusal is { } refusal ? Refused(listening.Listen, refusal.Error, $"{refusal.Address}")
            : new Held(FindingKinds.RelayDown, port);
    }

    private static Held Refused(IPEndPoint listen, int error, string address) => new(
        HostTrials.IsForbidden(error) ? FindingKinds.PortForbidden
            : HostTrials.IsMissing(error) ? FindingKinds.AddressMissing
            : FindingKinds.ListenRefused,
        listen.Port,
        ("listen", listen),
        ("address", address),
        ("reason", HostTrials.Words(error)));

    private static IEnumerable<Finding> HandedOut(Facts facts, int[] listening)
    {
        if (facts.Ports is not { IsTold: true } ports)
        {
            yield break;
        }

        string reserved = facts.Reserved.Trim();
        int[] handedOut = [.. listening.Where(port => port >= ports.Range.First && port <= ports.Range.Last && !IsReserved(reserved, port))];
        int[] kept = [.. listening.Except(handedOut)];
        if (handedOut.Length > 0)
        {
            string all = Ports.TextOf(handedOut, ",");
            yield return FindingKinds.PortHandedOut.With(
                ("port", Ports.TextOf(handedOut)), ("first", ports.Range.First), ("last", ports.Range.Last), ("reserved", reserved.Length == 0 ? all : $"{reserved},{all}"));
        }

        if (kept.Length > 0)
        {
            yield return FindingKinds.PortKept.With(("port", Ports.TextOf(kept)));
        }
    }

    private sealed record Held(FindingKind Kind, int Port, params (string Name, object Value)[] Values);

    private static bool IsReserved(string reserved, int port) =>
        reserved.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(item => item.Split('-'))
            .Any(span => int.TryParse(span[0], out int first) && int.TryParse(span[^1], out int last) && port >= first && port <= last);
}
