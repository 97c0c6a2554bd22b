namespace WgProxy.Configuration;

/// <summary>A flag of a command's own. It hides the option of the same name, which means something to the relay only.</summary>
/// <param name="Name">The flag.</param>
/// <param name="Unit">The name of its value; empty for a switch.</param>
/// <param name="Help">What it does.</param>
internal sealed record CommandFlag(string Name, string Unit, string Help)
{
    /// <summary>Another name for it; null for none.</summary>
    public string? Short { get; init; }

    /// <summary>Whether it has no value.</summary>
    public bool IsSwitch => Unit.Length == 0;

    /// <summary>How it is written, with its value.</summary>
    public string Form => $"{(Short is null ? string.Empty : $"{Short}, ")}{Name} {Unit}".TrimEnd();
}
