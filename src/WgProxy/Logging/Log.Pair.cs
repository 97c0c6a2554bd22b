using System.Net;
using WgProxy.Standby;

namespace WgProxy.Logging;

// Lines about two relays that share addresses.
internal sealed partial class Log
{
    /// <summary>A setting of a pair is wrong.</summary>
    public void PairIsWrong(string place, string refusal) => Error($"{place} {refusal}");

    /// <summary>The relay stands by.</summary>
    public void StandsBy(string other, IReadOnlyList<IPAddress> addresses) =>
        Info($"stands by for {LogLine.Quote(other)}, and takes over when this host has {string.Join(" and ", addresses)}");

    /// <summary>The relay serves the shared addresses.</summary>
    public void TookOver(string other, TakenMappings mappings) =>
        Info($"{mappings.Count(RestoreVerdict.Restored)} of {mappings.Total} mappings go on from {LogLine.Quote(other)}, after {mappings.Took.TotalMilliseconds:0} ms "
            + $"({mappings.Count(RestoreVerdict.Expired)} have expired)");

    /// <summary>The shared addresses are here, and the engine does not start.</summary>
    public void CannotTakeOver(string other, string refusal) => Warning($"cannot take over from {LogLine.Quote(other)}: {refusal}; it is tried again");

    /// <summary>The shared addresses are gone.</summary>
    public void GaveBack(string other, IReadOnlyList<IPAddress> missing) =>
        Info($"this host has {string.Join(" and ", missing)} no more: {LogLine.Quote(other)} serves, and this relay stands by");
}
