using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The values of one section of a file. Reading it finds every fault in it. No fault repeats what may be a secret: the
/// value of an unknown key, or a key that looks like none.</summary>
internal sealed class SectionReader
{
    private const int LongestKey = 32;

    private static readonly string[] Secrets = ["PrivateKey", "PresharedKey"];

    private readonly ConfigSection _section;
    private readonly ConfigFaults _faults;
    private readonly Dictionary<string, Found> _found = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a section.</summary>
    /// <param name="section">Its lines.</param>
    /// <param name="keys">The keys that it may have.</param>
    /// <param name="faults">Where faults go.</param>
    public SectionReader(ConfigSection section, IReadOnlyList<FileKey> keys, ConfigFaults faults)
    {
        (_section, _faults) = (section, faults);
        foreach (ConfigEntry entry in section.Entries)
        {
            FileKey? key = keys.FirstOrDefault(key => key.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase));
            if (key is null)
            {
                faults.Add(entry.Line, HintOn(entry.Key, keys));
            }
            else
            {
                Take(key, entry);
            }
        }
    }

    /// <summary>Whether a word of a file can be repeated in a message: keys of WireGuard are longer.</summary>
    public static bool IsPlain(string word) => word.Length is > 0 and <= LongestKey && word.All(char.IsAsciiLetterOrDigit);

    /// <summary>The value of a key, if it is there and valid.</summary>
    public bool TryGet(FileKey key, out object? value)
    {
        bool found = _found.TryGetValue(key.Name, out Found? there) && there.IsValid;
        value = found ? there!.Value : null;
        return found;
    }

    /// <summary>The value of a key that must be there; null, and a fault, if it is not.</summary>
    public T? Required<T>(FileKey key)
        where T : class
    {
        if (!_found.ContainsKey(key.Name))
        {
            _faults.Add(_section.Line, $"[{_section.Name}] has no {key.Name}: expected {key.Expected}");
        }

        return TryGet(key, out object? value) ? (T?)value : null;
    }

    /// <summary>The value of an option's key; another if it is not there.</summary>
    public T ValueOf<T>(OptionRow row, T standIn) =>
        _found.TryGetValue(row.Key, out Found? there) && there.IsValid ? (T)there.Value! : standIn;

    /// <summary>The line of a key; that of the section if it is not there.</summary>
    public int LineOf(FileKey key) => _found.TryGetValue(key.Name, out Found? there) ? there.Line : _section.Line;

    private void Take(FileKey key, ConfigEntry entry)
    {
        bool isThere = _found.TryGetValue(key.Name, out Found? before);
        if (isThere && !key.IsList)
        {
            _faults.Add(entry.Line, $"{key.Name} is given twice: line {before!.Line} has it too");
            return;
        }

        bool valid = key.Parse(entry.Value, out object? value, out string? refusal);
        if (!valid)
        {
            string given = entry.Value.Length == 0 ? "has no value" : key.MayHoldSecret && refusal is not null ? "is not taken" : $"is {LogLine.Quote(LogLine.WithoutKeys(entry.Value))}";
            string wrong = entry.Value.Length == 0 || LogLine.HoldsKey(entry.Value) ? $"expected {key.Expected}" : refusal ?? $"expected {key.Expected}";
            _faults.Add(entry.Line, $"{key.Name} {given}: {wrong}{(key.MayHoldSecret ? string.Empty : SettingHint.For(entry.Value, isHost: key.Row == OptionTable.Server))}");
        }

        // Of a list, each line is judged alone, and then all of them together are its value.
        string text = isThere ? $"{before!.Text},{entry.Value}" : entry.Value;
        if (isThere && valid && before!.IsValid && !(valid = key.Parse(text, out value, out refusal)))
        {
            _faults.Add(entry.Line, $"{key.Name}, as far as this line: {refusal}");
        }

        _found[key.Name] = new Found(text, value, before?.Line ?? entry.Line, valid && before?.IsValid != false);
    }

    private static string HintOn(string typed, IReadOnlyList<FileKey> keys)
    {
        if (Secrets.Contains(typed, StringComparer.OrdinalIgnoreCase))
        {
            return "a relay needs no private and no preshared key: remove the line";
        }

        string shown = IsPlain(typed) ? $"unknown key \"{typed}\"" : "unknown key";
        string? near = IsPlain(typed) ? Spelling.Nearest(typed, keys.Select(key => key.Name)) : null;
        return $"{shown}: " + (near is null ? $"expected {string.Join(", ", keys.Select(key => key.Name))}" : $"did you mean {near}?");
    }

    private sealed record Found(string Text, object? Value, int Line, bool IsValid);
}
