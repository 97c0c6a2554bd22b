using System.Text;

namespace WgProxy.Configuration;

/// <summary>The text of <c>--help</c>. Its width is fixed, so it is the same on every terminal.</summary>
internal static class HelpText
{
    private const int Width = 96;
    private const int Column = 32;

    private static readonly (string Name, string Text)[] Commands =
    [
        ("check", "check the settings and resolve the servers' names, without relaying"),
        ("show", "ask a running relay, and show it on one screen; or show sessions, peers, servers or drops, one per line"),
        ("  --of-server NAME", "only what concerns this server"),
        ("  --of-peer NAME", "only what concerns this peer"),
        ("  --sort ORDER", "sessions by last_valid (the usual order), traffic or expires"),
        ("  --limit NUMBER", "so many sessions, 1,000 at most"),
        ("top", "show a running relay and its busiest sessions anew each second; Ctrl-C ends it"),
        ("why", "tell why clients of a running relay have no tunnel; or why one has none: its address, address and port, or its peer's name"),
        ("  --json", "with show, why and doctor: the report for programs"),
        ("doctor", "examine this host for what keeps a relay from working, and say what mends it"),
        ("import", "write a configuration file to standard output: from a client's or a server's WireGuard file, from standard input (-), or "
            + "without a file from the options; and the lines of the client's file to change to standard error"),
        ("  --relay HOST:PORT", "the endpoint at which the client reaches the relay"),
        ("  --in-place FILE", "change these lines in this file; needs --relay"),
    ];

    private static readonly (string Name, string Text)[] Levels =
    [
        ("0", "errors"),
        ("1", "and warnings"),
        ("2", "and information: start, stop, server addresses, clients that the server accepted"),
        ("3", "and debugging: also clients that the server has not accepted yet"),
    ];

    private static readonly (string Name, string Text)[] Signals =
    [
        ("SIGTERM, SIGINT", "stop, and log a summary; a second one ends the process at once"),
        ("SIGHUP", "read the configuration file again, if there is one, and resolve all names at once"),
        ("SIGUSR1", "log a status line, and one for each of several servers, at any log level"),
    ];

    private static readonly (string Name, string Text)[] ExitCodes =
    [
        ("0", "stopped by a signal, or nothing is wrong"),
        ("1", "doctor has found a problem, or why a cause"),
        ("2", "a setting is missing or wrong"),
        ("3", "the system refused something, such as a port in use; another relay uses the state directory; check could not resolve a name or bind a socket"),
    ];

    /// <summary>The whole text, with a line feed at the end of each line.</summary>
    public static string Build()
    {
        StringBuilder text = new();
        Paragraph(text, "wgproxy relays the WireGuard traffic of many clients to their servers. It needs the servers' public "
            + "keys, and no other keys.");
        _ = text.Append("\nUsage: wgproxy [OPTIONS]\n       wgproxy check [OPTIONS]\n       wgproxy show [sessions|peers|servers|drops] [--json] [OPTIONS]\n       wgproxy top [OPTIONS]\n       wgproxy why [CLIENT] [--json] [OPTIONS]\n       wgproxy doctor [--json] [OPTIONS]\n       wgproxy import [FILE|-] [--relay HOST:PORT] [--in-place FILE] [OPTIONS]\n\n");
        Paragraph(text, "Every option is also an environment variable and, except --config, a key of the configuration file. A flag "
            + "overrides its variable, and a variable overrides the file. An empty variable counts as missing. Several servers "
            + "need a file, which has further keys: names, rates and peers.");
        Section(text, "Commands", Commands);
        _ = text.Append("\nOptions:\n");
        foreach (OptionRow row in OptionTable.Rows)
        {
            string standIn = row.Default is null ? "required without a file of servers" : $"default {row.Default}";
            Entry(text, $"{row.Flag} {row.Unit}", $"{row.Help} [{row.Variable}; {standIn}]");
        }

        Entry(text, "--help", "Print this text and exit.");
        Entry(text, "--version", "Print the version and exit.");
        Section(text, "Log levels", Levels);
        Section(text, "Signals", Signals);
        Section(text, "Exit codes", ExitCodes);
        return text.ToString();
    }

    private static void Section(StringBuilder text, string title, (string Name, string Text)[] entries)
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
