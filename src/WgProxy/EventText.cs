using WgProxy.Core;

namespace WgProxy;

/// <summary>Changes of mappings in words.</summary>
internal static class EventText
{
    /// <summary>One sentence: who, what, and the upstream port, by which the server knows the client.</summary>
    public static string Of(in RelayEvent change)
    {
        string what = change.Kind switch
        {
            RelayEventKind.Opened => "asks the server",
            RelayEventKind.OpenFailed => "cannot be served: the system gave no upstream socket",
            RelayEventKind.Claimed => "uses a tunnel known from another address",
            RelayEventKind.Answered => "was answered by the server",
            RelayEventKind.Established => "has a tunnel",
            RelayEventKind.Confirmed => "has a tunnel that carries data from the server",
            RelayEventKind.Lingered => "is idle: its port is kept for a while, in case the server sends",
            RelayEventKind.Revived => "is back on its port",
            RelayEventKind.Unanswered => "goes unanswered by the server",
            RelayEventKind.Redirected => "goes to another address of the server",
            RelayEventKind.Rerouted => "goes on from another address of this host",
            RelayEventKind.Expired => "is gone: nothing passed in time",
            RelayEventKind.Evicted => "was displaced: no room for more mappings",
            _ => change.Kind.ToString(),
        };
        string port = change.Port == 0 ? string.Empty : $", upstream port {change.Port}";
        return $"client {change.Source} {what}{port}";
    }
}
