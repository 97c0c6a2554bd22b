using System.Reflection;

namespace WgProxy.Fuzz.Fuzzing;

/// <summary>
/// A target's corpus: one input a line, in hexadecimal, with a name if it once found something:
/// <c>0400000000 a-name-in-words</c>. An empty input is written as <c>-</c>; lines that begin with # are comments.
/// </summary>
internal static class CorpusFile
{
    /// <summary>Where runs leave what they found: the build's output folder.</summary>
    public static string Found { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../fuzz"));

    /// <summary>The inputs that are kept in the repository.</summary>
    public static IReadOnlyList<(byte[] Input, string Name)> Of(Target target)
    {
        using Stream? file = Assembly.GetExecutingAssembly().GetManifestResourceStream(target.Name);
        if (file is null)
        {
            return [];
        }

        using StreamReader reader = new(file);
        return Parse(reader.ReadToEnd());
    }

    public static IReadOnlyList<(byte[] Input, string Name)> Parse(string text) =>
    [
        .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .Select(line => line.Split(' '))
            .Select(words => (Convert.FromHexString(words[0] is "-" ? "" : words[0]), words.Length > 1 ? words[1] : "")),
    ];

    public static string Format(IEnumerable<(byte[] Input, string Name)> inputs) => string.Concat(inputs.Select(each =>
        $"{(each.Input.Length == 0 ? "-" : Convert.ToHexString(each.Input))} {each.Name}".TrimEnd() + "\n"));

    /// <summary>Writes beside the build what is worth keeping; returns where.</summary>
    public static string Leave(string name, string text)
    {
        Directory.CreateDirectory(Found);
        string path = Path.Combine(Found, name);
        File.WriteAllText(path, text);
        return path;
    }
}
