using System.Text;

namespace WgProxy.Configuration;

/// <summary>The text of <c>--help</c>. Its width is fixed, so it is the same on every terminal.</summary>
internal static class HelpText
{
    private const int Width = 96;
    private const int Column = 32;

    /// <summary>The log levels.</summary>
    public static IReadOnlyList<(string Name, string Text)> Levels { get; } =
    [
        ("0", "errors"),
        ("1", "and warnings"),
        ("2", "and information: start, stop, server addresses, clients that the server accepted"),
        ("3", "and debugging: also clients that the server has not accepted yet"),
    ];

    private static readonly (string Name, string Text)[] Asking =
    [
        ($"{OptionTable.Control.Flag} {OptionTable.Control.Unit}", "the socket of the relay that is asked"),
        ($"{OptionTable.Config.Flag} {OptionTable.Config.Unit}", "the relay's configuration file, whose key Control names the socket"),
    ];

    /// <summary>The signals, and what they do.</summary>
    public static IReadOnlyList<(string Name, string Text)> Signals { get; } =
    [
        ("SIGTERM, SIGINT", "stop, and log a summary; a second one ends the process at once"),
        ("SIGHUP", "read the configuration file again, if there is one, and resolve all names at once"),
        ("SIGUSR1", "log a status line, and one for each of several servers, at any log level"),
    ];

    /// <summary>The exit codes.</summary>
    public static IReadOnlyList<(string Name, string Text)> ExitCodes { get; } =
    [
        ("0", "stopped by a signal, or nothing is wrong"),
        ("1", "doctor has found a problem, why a cause, or check --configured no server"),
        ("2", "a setting is missing or wrong"),
        ("3", "the system refused something, such as a port in use; another relay uses the state directory; check could not resolve a name or bind a socket; "
            + "no relay answers a command, or it refuses"),
    ];

    /// <summary>The whole text, with a line feed at the end of each line.</summary>
    public static string Build()
    {
        StringBuilder text = new();
        Paragraph(text, "wgproxy relays the WireGuard traffic of many clients to their servers. It needs the servers' public "
            + "keys, and no other keys.");
        _ = text.Append(string.Concat(VerbSyntax.All.Select((syntax, i) => $"{(i == 0 ? "\nUsage: " : "       ")}{syntax.Usage}\n"))).Append('\n');
        Paragraph(text, "Every option is also an environment variable and, except --config, a key of the configuration file. A flag "
            + "overrides its variable, and a variable overrides the file. An empty variable counts as missing. Several servers "
            + "need a file, which has further keys: names, rates and peers.");
        IEnumerable<string> withJson = VerbSyntax.All.Where(syntax => syntax.Flags.Contains(VerbSyntax.Json)).Select(syntax => syntax.Name);
        Section(text, "Commands", [.. VerbSyntax.All.Skip(1).SelectMany(Lines), ("  " + VerbSyntax.Json.Form, $"with {string.Join(", ", withJson)}: {VerbSyntax.Json.Help}")]);
        _ = text.Append("\nOptions:\n");
        foreach (OptionRow row in OptionTable.Rows)
        {
            string standIn = row.Default is null ? "required without a file of servers" : $"default {row.Default}";
            Entry(text, $"{row.Flag} {row.Unit}", $"{row.Help} [{row.Variable}; {standIn}]");
        }

        Entry(text, "--help", "Print this text and exit; behind a command, print only what concerns it.");
        Entry(text, "--version", "Print the version and exit.");
        Section(text, "Log levels", Levels);
        Section(text, "Signals", Signals);
        Section(text, "Exit codes", ExitCodes);
        return text.ToString();
    }

    /// <summary>The text of one command's <c>--help</c>.</summary>
    public static string Build(VerbSyntax syntax)
    {
        if (syntax.Verb == Verb.Relay)
        {
            return Build();
        }

        StringBuilder text = new();
        Paragraph(text, $"wgproxy {syntax.Name}: {syntax.Help}.");
        _ = text.Append($"\nUsage: {syntax.Usage}\n");
        Section(text, "Options", [.. syntax.Flags.Select(Line), .. AsksRelay(syntax) ? Asking : [("...", "every option of the relay")], ("--help", "print this text and exit")]);
        Section(text, "Exit codes", ExitCodes);
        _ = text.Append("\nwgproxy --help lists the other commands, and all options.\n");
        return text.ToString();
    }

    /// <summary>Whether a command asks a running relay, and heeds no option but where that is.</summary>
    public static bool AsksRelay(VerbSyntax syntax) => syntax.Verb is not (Verb.Check or Verb.Import or Verb.Doctor);

    // Words that are a choice stand in the line of usage.
    private static IEnumerable<(string Name, string Text)> Lines(VerbSyntax syntax) =>
    [
        (string.Join(' ', [syntax.Name, .. syntax.Words.Where(word => !word.Contains('|', StringComparison.Ordinal))]), syntax.Help),
        .. syntax.Flags.Where(flag => flag != VerbSyntax.Json).Select(flag => ($"  {flag.Form}", flag.Help)),
    ];

    private static (string Name, string Text) Line(CommandFlag flag) => (flag.Form, flag.Help);

    private static void Section(StringBuilder text, string title, IReadOnlyList<(string Name, string Text)> entries)
    {
        _ = text.Append($"\n{title}:\n");
        foreach ((string name, string meaning) in entries)
        {
            Entry(text, name, meaning);
        }
    }

    private static void Entry(StringBuilder text, string name, string meaning)
    {
        string lead = $"  {name}".PadRight(Column);
        foreach (string line in Wrap(meaning, Width - Column))
        {
            _ = text.Append(lead).Append(line).Append('\n');
            lead = new string(' ', Column);
        }
    }

    private static void Paragraph(StringBuilder text, string sentences)
    {
        foreach (string line in Wrap(sentences, Width))
        {
            _ = text.Append(line).Append('\n');
        }
    }

    private static IEnumerable<string> Wrap(string sentences, int width)
    {
        StringBuilder line = new();
        foreach (string word in sentences.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                _ = line.Clear();
            }

            _ = line.Append(line.Length > 0 ? " " : string.Empty).Append(word);
        }

        yield return line.ToString();
    }
}
