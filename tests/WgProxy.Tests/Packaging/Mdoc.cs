using System.Text;
using System.Text.RegularExpressions;

namespace WgProxy.Tests.Packaging;

/// <summary>A manual page in the language mdoc(7), as it grows.</summary>
internal sealed partial class Mdoc
{
    private const int Width = 78;

    private readonly StringBuilder _text = new();

    /// <summary>Begins a page.</summary>
    /// <param name="name">What it is about.</param>
    /// <param name="section">The section of the manual.</param>
    /// <param name="title">What that is, in a few words.</param>
    public Mdoc(string name, int section, string title)
    {
        // The day on which its words last changed much: a page has to have one.
        Line(".Dd November 27, 2026");
        Line($".Dt {name.ToUpperInvariant()} {section}");
        Line(".Os");
        Section("NAME");
        Line($".Nm {name}");
        Line($".Nd {title}");
    }

    /// <summary>A line as it is.</summary>
    public void Line(string line) => _ = _text.Append(line).Append('\n');

    /// <summary>A heading.</summary>
    public void Section(string name) => Line($".Sh {name}");

    /// <summary>A paragraph.</summary>
    public void Paragraph(string sentences)
    {
        Line(".Pp");
        Text(sentences);
    }

    /// <summary>Sentences, each of which begins a line.</summary>
    public void Text(string sentences)
    {
        foreach (string sentence in SentenceEnd().Split(sentences))
        {
            StringBuilder line = new();
            foreach (string word in Escape(sentence).Split(' '))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > Width)
                {
                    Input(line.ToString());
                    _ = line.Clear();
                }

                _ = line.Append(line.Length > 0 ? " " : string.Empty).Append(word);
            }

            Input(line.ToString());
        }
    }

    /// <summary>A list of names, each with what is said of it.</summary>
    /// <param name="entries">The macros that write a name, and the sentences.</param>
    public void List(IEnumerable<(string Macros, string Sentences)> entries)
    {
        Line(".Bl -tag -width Ds");
        foreach ((string macros, string sentences) in entries)
        {
            Line($".It {macros}");
            Text(sentences);
        }

        Line(".El");
    }

    /// <summary>Lines as somebody types them.</summary>
    public void Literal(string lines)
    {
        Line(".Bd -literal -offset indent");
        foreach (string line in lines.TrimEnd('\n').Split('\n'))
        {
            Line(Escape(line));
        }

        Line(".Ed");
    }

    /// <summary>A text in which no letter is an order. A hyphen of a flag is the one that is typed.</summary>
    public static string Escape(string text) =>
        Flag().Replace(text.Replace(@"\", @"\e", StringComparison.Ordinal), match => match.Value.Replace("-", @"\-", StringComparison.Ordinal));

    /// <summary>A word as an argument of a macro.</summary>
    public static string Word(string text) => Escape(text).Replace("-", @"\-", StringComparison.Ordinal).Replace(@"\\-", @"\-", StringComparison.Ordinal);

    private void Input(string line) => Line(line.StartsWith('.') || line.StartsWith('\'') ? $@"\&{line}" : line);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    [GeneratedRegex(@"(?<=[.?!][)""]?) +", RegexOptions.None, 1_000)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"(?<![\w-])--?[a-z][a-z-]*", RegexOptions.None, 1_000)]
    private static partial Regex Flag();
}
