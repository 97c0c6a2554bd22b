using System.Globalization;
using WgProxy.Configuration;
using WgProxy.Control;
using WgProxy.Showing;

namespace WgProxy.Tests.Packaging;

/// <summary>What the value of a setting is, beside words.</summary>
internal enum SettingKind
{
    /// <summary>One of the words.</summary>
    Word,

    /// <summary>A file or a directory.</summary>
    File,

    /// <summary>A network interface.</summary>
    Interface,

    /// <summary>A group of users.</summary>
    Group,

    /// <summary>A text that nobody else knows.</summary>
    Free,
}

/// <summary>What a shell may offer as the value of a setting.</summary>
/// <param name="Words">Words that the setting takes.</param>
/// <param name="Kind">What else it takes.</param>
internal sealed record SettingWords(IReadOnlyList<string> Words, SettingKind Kind)
{
    // The names of all orders, whatever is shown.
    private static IReadOnlyList<string> Orders { get; } =
    [
        .. SessionsQuery.OrderNames.Concat(RowOrders.OfPeers.Select(each => each.Name)).Concat(RowOrders.OfServers.Select(each => each.Name))
            .Concat(RowOrders.OfDrops.Select(each => each.Name)).Concat(RowOrders.OfUsage.Select(each => each.Name)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>Those of an option: from the name of its value, or from what its error lines expect.</summary>
    public static SettingWords Of(OptionRow row)
    {
        SettingWords byUnit = OfUnit(row.Unit);
        string[] expected = [.. row.Expected.Split([", or ", ", ", " or "], StringSplitOptions.None).TakeWhile(part => !part.Contains(' ', StringComparison.Ordinal) && row.TryParse(part, out _, out _))];
        return byUnit.Words.Count > 0 ? byUnit : byUnit with { Words = expected };
    }

    /// <summary>Those that the name of a value tells.</summary>
    public static SettingWords OfUnit(string unit) => unit switch
    {
        "FILE" or "PATH" => new SettingWords([], SettingKind.File),
        "INTERFACE" => new SettingWords([], SettingKind.Interface),
        "GROUP" => new SettingWords([], SettingKind.Group),
        [char first and >= '0' and <= '9', '-', char last] => new SettingWords(
            [.. Enumerable.Range(first - '0', last - first + 1).Select(number => number.ToString(CultureInfo.InvariantCulture))], SettingKind.Word),
        _ when unit.Contains('|', StringComparison.Ordinal) => new SettingWords(unit.Split('|'), SettingKind.Word),
        _ => new SettingWords([], SettingKind.Free),
    };

    /// <summary>Those of a word behind a command, as usage lines give it.</summary>
    public static SettingWords OfWord(string word)
    {
        string text = word.Trim('[', ']');
        return text.StartsWith("FILE", StringComparison.Ordinal) ? OfUnit("FILE")
            : text.All(letter => char.IsAsciiLetterLower(letter) || letter is '-' or '|') ? new SettingWords(text.Split('|'), SettingKind.Word)
            : OfUnit(text);
    }

    /// <summary>Those of a flag of a command's own.</summary>
    public static SettingWords Of(CommandFlag flag) =>
        flag == VerbSyntax.Sort ? new SettingWords(Orders, SettingKind.Word) : OfUnit(flag.Unit);

    /// <summary>The options that a command takes beside its own flags.</summary>
    public static IEnumerable<OptionRow> OptionsOf(VerbSyntax command) => OptionTable.Rows
        .Where(row => !command.Flags.Any(flag => string.Equals(flag.Name, row.Flag, StringComparison.Ordinal)))
        .Where(row => command.Verb == Verb.Relay || !HelpText.AsksRelay(command) || row == OptionTable.Control || row == OptionTable.Config);

    /// <summary>The first sentence of a help, short enough for a line beside the name.</summary>
    public static string Brief(string help)
    {
        string sentence = help.Split(". ")[0].Split("; ")[0].Split(": ")[0].TrimEnd('.');
        return sentence.Length == 0 ? help : char.ToLowerInvariant(sentence[0]) + sentence[1..];
    }
}
