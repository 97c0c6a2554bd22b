using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Model;

/// <summary>Settings and steps: everything that a comparison depends on, and what a named regression consists of.</summary>
internal sealed record Sequence(int Routes, RelaySettings Settings, IReadOnlyList<Step> Steps)
{
    /// <summary>Relays that are neighbours; source <c>n</c> belongs to number <c>n</c> modulo this.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Slots that a query visits in a turn. Each relay has a turn after each step.</summary>
    public int SlotsPerTurn { get; init; } = QueryLine.SlotsPerTurn;

    /// <summary>The list of whom sequences with <c>lists=1</c> or 3 let in.</summary>
    public static IPNetwork AllowedPrefix { get; } = IPNetwork.Parse("192.0.2.0/24");

    /// <summary>The list of whom sequences with <c>lists=2</c> or 3 keep out.</summary>
    public static IPNetwork DeniedPrefix { get; } = IPNetwork.Parse("192.0.2.4/30");

    public static AddressList Allowed { get; } = new([AllowedPrefix]);

    /// <summary>Where clients of a confined route may send to.</summary>
    public static ListenList Confined { get; } = new([new IPEndPoint(IPAddress.Any, Lockstep.ListenPort), new IPEndPoint(IPAddress.IPv6Any, Lockstep.ListenPort)]);

    public static AddressList Denied { get; } = new([DeniedPrefix]);

    public static Sequence Parse(string text)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)];
        Dictionary<string, int> head = lines[0].Split(' ').Select(word => word.Split('='))
            .ToDictionary(pair => pair[0], pair => int.Parse(pair[1]), StringComparer.Ordinal);
        int lists = head.GetValueOrDefault("lists");
        RelaySettings settings = new()
        {
            MaxMappings = head["mappings"],
            MaxAsked = head["asked"],
            MaxClaimed = head["claimed"],
            IdleTimeout = TimeSpan.FromSeconds(head["idle"]),
            Adopt = head["adopt"] != 0,
            LoadedAsked = head.GetValueOrDefault("loaded", 1_024),
            PrefixShare = head.GetValueOrDefault("share", 64),
            Allow = (lists & 1) != 0 ? Allowed : AddressList.Empty,
            Deny = (lists & 2) != 0 ? Denied : AddressList.Empty,
            CookieSeed = (0, (ulong)head.GetValueOrDefault("hash")),
            HashSeed = ((ulong)head.GetValueOrDefault("hash"), 0),
        };
        return new Sequence(head["routes"], settings, [.. lines.Skip(1).Select(Step.Parse)])
        {
            Workers = head.GetValueOrDefault("workers", 1),
            SlotsPerTurn = head.GetValueOrDefault("turn", QueryLine.SlotsPerTurn),
        };
    }

    public override string ToString() => string.Join(
        '\n',
        Steps.Select(step => step.ToString()).Prepend(
            $"routes={Routes} mappings={Settings.MaxMappings} asked={Settings.MaxAsked} claimed={Settings.MaxClaimed} "
            + $"idle={(int)Settings.IdleTimeout.TotalSeconds} adopt={(Settings.Adopt ? 1 : 0)} hash={Settings.HashSeed.K0} "
            + $"loaded={Settings.LoadedAsked} share={Settings.PrefixShare} "
            + $"lists={(Settings.Allow.IsEmpty ? 0 : 1) + (Settings.Deny.IsEmpty ? 0 : 2)} workers={Workers} turn={SlotsPerTurn}"));
}
