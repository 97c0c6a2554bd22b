namespace WgProxy.Configuration;

/// <summary>The sections in which a key may stand.</summary>
[Flags]
internal enum FileSections
{
    /// <summary>None: only flag and variable set it.</summary>
    None = 0,

    /// <summary>[Relay], which stands once.</summary>
    Relay = 1,

    /// <summary>[Server], which is repeated.</summary>
    Server = 2,
}

/// <summary>Turns the text of a key into a value of the key's own type.</summary>
/// <param name="text">The text, trimmed.</param>
/// <param name="value">The value; meaningful only if the text was accepted.</param>
/// <param name="refusal">See <see cref="ParseValue{T}"/>.</param>
internal delegate bool ParseText(string text, out object? value, out string? refusal);

/// <summary>One key of a section.</summary>
/// <param name="Name">Its spelling, of which case does not count.</param>
/// <param name="Default">What stands in for a missing one, in words; null if it is required.</param>
/// <param name="Expected">What a valid text looks like; continues "expected".</param>
/// <param name="Help">What it sets, in sentences.</param>
/// <param name="IsList">Whether it may be repeated: all its values count.</param>
/// <param name="Parse">From text to value.</param>
/// <param name="Row">The option that it is; null if there is none.</param>
internal sealed record FileKey(
    string Name, string? Default, string Expected, string Help, bool IsList, ParseText Parse, OptionRow? Row = null)
{
    /// <summary>Whether a text that is refused for a reason of its own may hold a secret: it is not repeated then.</summary>
    public bool MayHoldSecret { get; init; }

    /// <summary>The key of an option.</summary>
    /// <param name="row">The option.</param>
    /// <param name="standIn">What stands in for a missing one in this section.</param>
    public static FileKey Of(OptionRow row, string? standIn) => new(row.Key, standIn, row.Expected, row.Help, row.IsList, row.TryParse, row);
}
