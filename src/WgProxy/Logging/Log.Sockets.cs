using WgProxy.Configuration;
using WgProxy.Hosting;

namespace WgProxy.Logging;

// Lines about sockets that the program had when it was started.
internal sealed partial class Log
{
    /// <summary>Whether the sockets that were handed over can be used, and suit the settings. Says what is wrong.</summary>
    public bool IsAgreed(Options options, HandedSockets handed)
    {
        foreach (string refusal in handed.Refusals)
        {
            Error(refusal);
        }

        string? disagreement = options.Defaults.Contains(OptionTable.Listen) ? null : handed.Disagreement(options.Listen.All);
        if (disagreement is not null)
        {
            Error($"{OptionTable.Listen.Name} is {LogLine.Quote(options.Listen.ToString())}, and {disagreement}");
        }

        return handed.Refusals.Count == 0 && disagreement is null;
    }

    /// <summary>The relay listens on sockets that were kept for it, or could not.</summary>
    /// <param name="used">How many it uses.</param>
    /// <param name="released">How many did not fit.</param>
    public void Kept(int used, int released)
    {
        if (used > 0)
        {
            Info($"{used} listening sockets go on from the relay before, with what waits in them");
        }

        if (released > 0)
        {
            Info($"{released} kept listening sockets are closed, because they do not fit: the address, the workers, the engine, segmentation or the user "
                + "is another than before, or FileDescriptorStoreMax= is too small for all of them");
        }
    }
}
