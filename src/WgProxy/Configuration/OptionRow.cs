namespace WgProxy.Configuration;

/// <summary>Turns the text of a setting into its value.</summary>
/// <param name="text">The text, trimmed.</param>
/// <param name="value">The value; meaningful only if the text was accepted.</param>
/// <param name="refusal">What is wrong with the text and what was expected; null where the row's own words on what is
/// expected say it all.</param>
internal delegate bool ParseValue<T>(string text, out T value, out string? refusal);

/// <summary>One option: everything that help, documents, error lines and the parser know about it.</summary>
/// <param name="Flag">The flag on the command line.</param>
/// <param name="Variable">The environment variable, which the flag overrides.</param>
/// <param name="Unit">The name of the argument, or its unit.</param>
/// <param name="Default">The text that stands in for a missing one; null if the option is required.</param>
/// <param name="Expected">What a valid text looks like; continues "expected".</param>
/// <param name="Help">What the option does, in sentences.</param>
internal abstract record OptionRow(
    string Flag, string Variable, string Unit, string? Default, string Expected, string Help)
{
    /// <summary>Both names of the setting, as error lines give them.</summary>
    public string Name => $"{Flag} ({Variable})";

    /// <summary>The key in a configuration file: the flag, in the spelling of wg-quick.</summary>
    public string Key { get; init; } =
        string.Concat(Flag.Split('-', StringSplitOptions.RemoveEmptyEntries).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>The sections of a configuration file in which the key may stand.</summary>
    public FileSections Sections { get; init; } = FileSections.Relay;

    /// <summary>Whether the value may change while the relay runs, by reading the file again.</summary>
    public bool CanChange { get; init; }

    /// <summary>Whether the key may be repeated in a section. Commas join the values then.</summary>
    public bool IsList { get; init; }

    /// <summary>Turns the text of the setting into its value.</summary>
    /// <param name="text">The text, trimmed.</param>
    /// <param name="value">The value, of the row's own type.</param>
    /// <param name="refusal">See <see cref="ParseValue{T}"/>.</param>
    public abstract bool TryParse(string text, out object? value, out string? refusal);
}

/// <summary>An option whose value has a type.</summary>
/// <param name="Flag">The flag on the command line.</param>
/// <param name="Variable">The environment variable, which the flag overrides.</param>
/// <param name="Unit">The name of the argument, or its unit.</param>
/// <param name="Default">The text that stands in for a missing one; null if the option is required.</param>
/// <param name="Expected">What a valid text looks like; continues "expected".</param>
/// <param name="Help">What the option does, in sentences.</param>
/// <param name="Parse">From text to value.</param>
internal sealed record OptionRow<T>(
    string Flag,
    string Variable,
    string Unit,
    string? Default,
    string Expected,
    string Help,
    ParseValue<T> Parse)
    : OptionRow(Flag, Variable, Unit, Default, Expected, Help)
{
    /// <inheritdoc/>
    public override bool TryParse(string text, out object? value, out string? refusal)
    {
        bool valid = Parse(text, out T typed, out refusal);
        value = typed;
        return valid;
    }
}
