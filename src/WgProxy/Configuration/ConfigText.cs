namespace WgProxy.Configuration;

/// <summary>A key and its value, as a line of a file has them.</summary>
/// <param name="Key">The key, as it is spelled there.</param>
/// <param name="Value">What stands behind the equals sign, without its comment; perhaps empty.</param>
/// <param name="Line">The line's number, from 1.</param>
internal readonly record struct ConfigEntry(string Key, string Value, int Line);

/// <summary>A section: its name and what stands below it.</summary>
/// <param name="Name">The word between the brackets, as it is spelled there.</param>
/// <param name="Line">The number of the line with the brackets.</param>
/// <param name="Entries">Its keys, in the order of the file.</param>
internal sealed record ConfigSection(string Name, int Line, List<ConfigEntry> Entries);

/// <summary>Something that is wrong with a file.</summary>
/// <param name="Line">The line's number.</param>
/// <param name="Text">What is wrong and what was expected.</param>
internal readonly record struct ConfigFault(int Line, string Text);

/// <summary>
/// The lines of a file in the dialect of wg-quick: sections in brackets, keys with values, comments from # to the end of the line.
/// It knows no key and refuses no text: what it cannot read is a fault. A fault never repeats the text, which may be a secret.
/// </summary>
internal sealed class ConfigText
{
    private const char ByteOrderMark = '\uFEFF';

    private readonly List<ConfigSection> _sections = [];
    private readonly ConfigFaults _faults;

    private ConfigText(ConfigFaults faults) => _faults = faults;

    /// <summary>Reads a text in one pass.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="faults">Where faults go.</param>
    public static IReadOnlyList<ConfigSection> Parse(string text, ConfigFaults faults)
    {
        ConfigText parsed = new(faults);
        ReadOnlySpan<char> rest = text;
        rest = rest is [ByteOrderMark, ..] ? rest[1..] : rest;
        for (int line = 1; !rest.IsEmpty; line++)
        {
            int end = rest.IndexOf('\n');
            parsed.Take(end < 0 ? rest : rest[..end], line);
            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return parsed._sections;
    }

    private void Take(ReadOnlySpan<char> text, int line)
    {
        int comment = text.IndexOf('#');
        text = (comment < 0 ? text : text[..comment]).Trim();
        if (text is ['[', ..])
        {
            Begin(text, line);
        }
        else if (!text.IsEmpty)
        {
            Add(text, line);
        }
    }

    private void Begin(ReadOnlySpan<char> text, int line)
    {
        if (text is not [.., ']'])
        {
            _faults.Add(line, "a section is a word in brackets, as in [Server], alone on its line");
        }

        // What follows belongs to it in any case, so that one mistake is not said once for each line.
        _sections.Add(new ConfigSection(text.Trim("[]").Trim().ToString(), line, []));
    }

    private void Add(ReadOnlySpan<char> text, int line)
    {
        int equals = text.IndexOf('=');
        if (equals <= 0)
        {
            _faults.Add(line, equals < 0 ? "expected a section in brackets, or a key with its value, as in Key = Value" : "the key is missing before the equals sign");
        }
        else if (_sections is [.., ConfigSection section])
        {
            section.Entries.Add(new ConfigEntry(text[..equals].TrimEnd().ToString(), text[(equals + 1)..].TrimStart().ToString(), line));
        }
        else
        {
            _faults.Add(line, "a key stands before the first section: expected [Relay] or [Server] above it");
        }
    }
}
