using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Hosting;

namespace WgProxy.Logging;

/// <summary>The line about an engine that did not start: it names the setting that the system refused, if it was one.</summary>
internal static class StartRefusal
{
    /// <summary>The engine did not start.</summary>
    public static void EngineDidNotStart(this Log log, Options options, EngineException refusal, EphemeralPorts ports)
    {
        if (UpstreamSettingOf(refusal) is { } upstream)
        {
            log.BindingRefused(upstream, refusal.Message);
        }
        else if (refusal.Cause == EngineRefusal.System)
        {
            log.EngineRefused(options.Engine.ToString().ToLowerInvariant(), refusal.Message);
        }
        else
        {
            log.ListenRefused(options.Listen, refusal, ports);
        }
    }

    /// <summary>The setting that says what upstream sockets are bound to, and that the system refused; null if it refused something else.</summary>
    public static OptionRow? UpstreamSettingOf(EngineException refusal) => refusal.Cause switch
    {
        EngineRefusal.UpstreamAddress => OptionTable.UpstreamAddress,
        EngineRefusal.UpstreamMark => OptionTable.Mark,
        EngineRefusal.UpstreamDevice => OptionTable.UpstreamDevice,
        _ => null,
    };
}
