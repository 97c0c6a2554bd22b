using System.Net;
using WgProxy.Configuration;

namespace WgProxy.Logging;

// Lines about the endpoints by which the relay is asked and told, and about what it was told.
internal sealed partial class Log
{
    [ThreadStatic]
    private static List<string>? _overheard;

    /// <summary>Acts, and returns the errors and warnings that were said on this thread meanwhile.</summary>
    public static IReadOnlyList<string> Overhear(Action act)
    {
        List<string> heard = _overheard = [];
        try
        {
            act();
        }
        finally
        {
            _overheard = null;
        }

        return heard;
    }

    /// <summary>The control endpoint answers.</summary>
    public void ControlAnswers(string path) => Info($"answers requests on {path}");

    /// <summary>The control endpoint cannot be made. Where the operator has not asked for it, that is worth a word and no warning.</summary>
    public void ControlIsUnusable(string path, bool isChosen, string reason)
    {
        if (isChosen)
        {
            Warning($"{OptionTable.Control.Name} is {LogLine.Quote(path)}: {reason}; this relay cannot be asked, and relays all the same");
        }
        else
        {
            Info($"no control endpoint at {path}: {reason}; {OptionTable.Control.Name} chooses another path, or off");
        }
    }

    /// <summary>The endpoint over TCP answers.</summary>
    public void MetricsAnswers(IPEndPoint listen) => Info($"answers requests at http://{listen}/");

    /// <summary>The endpoint over TCP cannot be made.</summary>
    public void MetricsAreUnusable(IPEndPoint listen, string reason) =>
        Warning($"{OptionTable.Metrics.Name} is {LogLine.Quote(listen.ToString())}: {reason}; this relay cannot be asked there, and relays all the same");

    /// <summary>The operator has ended mappings. Each has a line of its own, with its client's address as far as that may be shown.</summary>
    public void Dropped(string? peer, int mappings, bool denies) =>
        Info($"dropped {(peer is null ? "a client" : LogLine.Quote(peer))}: {mappings} mappings have ended" + (denies ? ", and no new ones are let in until a restart" : string.Empty));
}
