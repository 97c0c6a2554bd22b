namespace WgProxy.Logging;

// Lines about mappings.
internal sealed partial class Log
{
    /// <summary>A mapping changed. A budget limits these lines, except at the debug level. One thread at a time.</summary>
    public void Changed(LogLevel level, in RelayEvent change)
    {
        long withheld = 0;
        if (level > Level || (Level < LogLevel.Debug && !_changes.TryPass(out withheld)))
        {
            return;
        }

        Post(new LogLineInQueue(time.GetUtcNow(), level) { Change = change, Withheld = withheld });
    }

    /// <summary>An upstream socket could not be opened. One thread at a time.</summary>
    public void OpenFailed(in RelayEvent change)
    {
        if (Level >= LogLevel.Warning && _openFailed.TryPass(out long withheld))
        {
            Post(new LogLineInQueue(time.GetUtcNow(), LogLevel.Warning) { Change = change, Withheld = withheld });
        }
    }

    /// <summary>A mapping with a tunnel moves to another address of its server. One thread at a time.</summary>
    public void Redirected()
    {
        if (_redirected.TryPass(out long withheld))
        {
            Info("a tunnel moves to another address of the server: its data went unanswered, or the server has left the address"
                + Throttle.Words(withheld));
        }
    }

    /// <summary>An address of the server cannot be reached from this host. One thread at a time.</summary>
    public void PassedOver()
    {
        if (_passedOver.TryPass(out long withheld))
        {
            Warning("this host has no path to one of the server's addresses: clients are served through another one"
                + Throttle.Words(withheld));
        }
    }

    /// <summary>A mapping continues from another address of this host. One thread at a time.</summary>
    public void Rerouted()
    {
        if (_rerouted.TryPass(out long withheld))
        {
            Info("the address from which this host reaches the server has changed: tunnels continue from the new one" + Throttle.Words(withheld));
        }
    }
}
