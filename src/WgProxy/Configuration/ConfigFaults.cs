namespace WgProxy.Configuration;

/// <summary>Everything that is wrong with a file, bounded: a file of another kind may be wrong in every line.</summary>
internal sealed class ConfigFaults
{
    /// <summary>How many are kept. Others are counted.</summary>
    public const int Most = 100;

    private readonly List<ConfigFault> _kept = [];

    /// <summary>Those that are kept, by line.</summary>
    public IEnumerable<ConfigFault> Kept => _kept.OrderBy(fault => fault.Line);

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one.</summary>
    public void Add(int line, string text)
    {
        Count++;
        if (_kept.Count < Most)
        {
            _kept.Add(new ConfigFault(line, text));
        }
    }
}
