using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace WgProxy.Logging;

/// <summary>How one event becomes one line of text.</summary>
internal static partial class LogLine
{
    private const int LongestValue = 200;

    /// <summary>A line without its end. For journald, the priority of syslog in angle brackets, because journald knows
    /// the time better; otherwise time and level in words.</summary>
    public static string Format(bool forJournal, DateTimeOffset time, LogLevel level, string text)
    {
        StringBuilder line = new(text.Length + 40);
        _ = forJournal
            ? line.Append('<').Append(Priority(level)).Append('>')
            : line.Append(Time(time))
                .Append(' ').Append(Word(level)).Append(' ');
        Escape(line, text);
        return line.ToString();
    }

    /// <summary>An instant in text.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The priority of syslog: 3 error, 4 warning, 6 information, 7 debugging (sd-daemon(3)).</summary>
    public static char Priority(LogLevel level) => level switch
    {
        LogLevel.Error => '3',
        LogLevel.Warning => '4',
        LogLevel.Info => '6',
        _ => '7',
    };

    /// <summary>A level in a word.</summary>
    public static string Word(LogLevel level) => level switch
    {
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Info => "info",
        _ => "debug",
    };

    /// <summary>A text that neither ends its line nor controls the terminal.</summary>
    public static string Escaped(string text)
    {
        StringBuilder line = new(text.Length);
        Escape(line, text);
        return line.ToString();
    }

    /// <summary>A value from outside, in quotation marks and of bounded length.</summary>
    public static string Quote(string value) =>
        value.Length <= LongestValue ? $"\"{value}\"" : $"\"{value[..LongestValue]}\" (and more)";

    /// <summary>Whether a text holds what has the form of a key of WireGuard (44 characters of base64).</summary>
    public static bool HoldsKey(string text) => Key().IsMatch(text);

    /// <summary>A text without such keys: each may be a private one, typed in the wrong place.</summary>
    public static string WithoutKeys(string text) => Key().Replace(text, "<a key>");

    /// <summary>Whether a character could end a line, control a terminal or turn the direction of what follows.</summary>
    public static bool MayControl(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    [GeneratedRegex("[A-Za-z0-9+/]{43}=", RegexOptions.None, 1_000)]
    private static partial Regex Key();

    // No value may end the line or control the terminal. So control characters, line and paragraph
    // separators, direction marks (of category Format) and halves of surrogate pairs are written as numbers.
    private static void Escape(StringBuilder line, string text)
    {
        Span<char> pair = stackalloc char[2];
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = MayControl(rune)
                ? line.Append("\\u{").Append(rune.Value.ToString("X", CultureInfo.InvariantCulture)).Append('}')
                : line.Append(pair[..rune.EncodeToUtf16(pair)]);
        }
    }
}
