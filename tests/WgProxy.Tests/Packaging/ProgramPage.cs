using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>wgproxy(1).</summary>
internal static class ProgramPage
{
    /// <summary>The page's text.</summary>
    public static string Build()
    {
        Mdoc page = new("wgproxy", 1, "relay WireGuard traffic");
        page.Section("SYNOPSIS");
        foreach (VerbSyntax command in VerbSyntax.All)
        {
            page.Line(".Nm");
            Synopsis(page, command);
        }

        page.Section("DESCRIPTION");
        page.Line(".Nm");
        page.Text("relays the WireGuard traffic of many clients to their servers. It needs the servers' public keys, and no other keys. Clients use the relay as their endpoint.");
        page.Paragraph("Every option is also an environment variable and, except --config, a key of the configuration file. A flag overrides its variable, and a variable overrides the file. An empty variable counts as missing.");
        page.Line("Several servers need a file, which has further keys: see");
        page.Line(".Xr wgproxy.conf 5 .");
        page.Section("COMMANDS");
        page.Text("Without a command, the program relays until a signal ends it.");
        Commands(page);
        page.Section("OPTIONS");
        page.List(OptionTable.Rows.Select(row => (
            $"Fl {Flag(row.Flag)} Ar {Mdoc.Word(row.Unit)}",
            $"{row.Help} Expected: {row.Expected}. {(row.Default is null ? "Required without a file of servers." : $"The default is {row.Default}.")} Variable: {row.Variable}."))
            .Concat([(@"Fl \-help", "Print a summary of all this."), (@"Fl \-version", "Print the version.")]));
        page.Section("SIGNALS");
        page.List(HelpText.Signals.Select(each => ($"Sy {Mdoc.Word($"\"{each.Name}\"")}", Sentence(each.Text))));
        page.Section("ENVIRONMENT");
        page.Text("Each option has a variable, which is named with it above. systemd(1) sets STATE_DIRECTORY, RUNTIME_DIRECTORY, NOTIFY_SOCKET, WATCHDOG_USEC and LISTEN_FDS, and the relay uses them.");
        page.Section("FILES");
        page.List(
        [
            ($"Pa {ConfigFile.Default}", "The configuration file that is read where no option names another, or a server."),
            ("Pa /run/wgproxy/control.sock", "The socket by which the commands that ask a running relay find it."),
            ("Pa /var/lib/wgproxy", "What the relay keeps over a restart, as the service."),
        ]);
        page.Section("EXIT STATUS");
        page.List(HelpText.ExitCodes.Select(each => ($"Er {each.Name}", Sentence(each.Text))));
        page.Section("EXAMPLES");
        page.Text("Relay for one server:");
        page.Literal("wgproxy --server home.example.com:51820 --public-key xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=");
        page.Paragraph("Check a file, ask the service, and let it read its file again:");
        page.Literal("wgproxy check --config /etc/wgproxy/wgproxy.conf\nwgproxy show\nsystemctl reload wgproxy");
        page.Section("SEE ALSO");
        page.Line(".Xr systemd.service 5 ,");
        page.Line(".Xr wgproxy.conf 5 ,");
        page.Line(".Xr wg 8");
        return page.ToString();
    }

    private static void Synopsis(Mdoc page, VerbSyntax command)
    {
        if (command.Name.Length > 0)
        {
            page.Line($".Cm {command.Name}");
        }

        foreach (string word in command.Words)
        {
            page.Line(word.StartsWith('[') ? $".Op Ar {Mdoc.Word(word.Trim('[', ']'))}" : $".Ar {Mdoc.Word(word)}");
        }

        foreach (CommandFlag flag in command.Flags)
        {
            page.Line($".Op {Macros(flag)}");
        }

        page.Line(".Op Ar OPTIONS");
    }

    private static void Commands(Mdoc page)
    {
        page.Line(".Bl -tag -width Ds");
        foreach (VerbSyntax command in VerbSyntax.All.Skip(1))
        {
            page.Line($".It Cm {command.Name}{string.Concat(command.Words.Select(word => $" Ar {Mdoc.Word(word.Trim('[', ']'))}"))}");
            page.Text(Sentence(command.Help));
            if (command.Flags.Count > 0)
            {
                page.List(command.Flags.Select(flag => (Macros(flag), Sentence(flag.Help))));
            }
        }

        page.Line(".El");
    }

    private static string Macros(CommandFlag flag) =>
        $"{(flag.Short is null ? string.Empty : $"Fl {Flag(flag.Short)} | ")}Fl {Flag(flag.Name)}{(flag.IsSwitch ? string.Empty : $" Ar {Mdoc.Word(flag.Unit)}")}";

    private static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}.";

    private static string Flag(string flag) => Mdoc.Word(flag[1..]);
}
