using System.ComponentModel;

namespace WgProxy.Logging;

/// <summary>The log text of a mapping's changes.</summary>
internal static class EventText
{
    /// <summary>One sentence: the client, the peer's name if it has one, the change, and the upstream port by which the server knows the
    /// client.</summary>
    /// <param name="change">The change.</param>
    /// <param name="server">The name of its server; null where there is only one.</param>
    /// <param name="peer">The name of its peer; null if it has none.</param>
    public static string Of(in RelayEvent change, string? server = null, string? peer = null)
    {
        string what = change.Kind switch
        {
            RelayEventKind.Opened => "asks the server",
            RelayEventKind.OpenFailed => $"cannot be served: {Words(change.Refusal)}",
            RelayEventKind.Claimed => "uses a tunnel known from another address",
            RelayEventKind.Answered => "was answered by the server",
            RelayEventKind.Established => "has a tunnel",
            RelayEventKind.Confirmed => "has a tunnel that carries data from the server",
            RelayEventKind.Lingered => "is idle: its port stays open for a while, in case the server sends",
            RelayEventKind.Revived => "is back on its port",
            RelayEventKind.Unanswered => "is not answered by the server",
            RelayEventKind.Redirected => "moves to another address of the server",
            RelayEventKind.PassedOver => "cannot reach an address of the server from this host: the next one is tried",
            RelayEventKind.Rerouted => "continues from another address of this host",
            RelayEventKind.Restored => "continues where it was before the restart",
            RelayEventKind.Expired => "has timed out",
            RelayEventKind.Evicted => "was displaced by another mapping: the table is full",
            RelayEventKind.RouteRemoved => "has ended: its server is no longer served",
            RelayEventKind.Unlisted => "has ended: it is none of its server's peers, and only those are served",
            RelayEventKind.NotServedHere => "has ended: its server is no longer served at the address and port that it sends to",
            RelayEventKind.Dropped => "has ended: the operator dropped it",
            _ => change.Kind.ToString(),
        };
        string port = change.Port == 0 ? string.Empty : $", upstream port {change.Port}";
        string name = server is null ? string.Empty : $", server {server}";
        string who = peer is null ? string.Empty : $" ({peer})";
        return $"client {change.Source}{who} {what}{port}{name}";
    }

    private static string Words(in OpenRefusal refusal)
    {
        string server = refusal.Server is null ? string.Empty : $" to {refusal.Server}";
        return refusal.Call is null
            ? $"the system gave no upstream socket{server}: no local port is free"
            : $"the system gave no upstream socket{server}: {refusal.Call}: {new Win32Exception(refusal.Error).Message} "
                + $"(errno {refusal.Error}){Likely(refusal.Error)}";
    }

    // Linux, include/uapi/asm-generic/errno-base.h and errno.h.
    private static string Likely(int error) => error switch
    {
        1 or 13 => "; a firewall or a sandbox on this host refuses it",
        23 or 24 => "; raise the limit on open files (ulimit -n, LimitNOFILE=)",
        97 => "; this host lacks the server's IP version",
        101 or 113 => "; this host has no route there",
        _ => string.Empty,
    };
}
