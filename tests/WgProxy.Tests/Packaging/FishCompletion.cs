using System.Text;
using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>Completion for fish.</summary>
internal static class FishCompletion
{
    /// <summary>The script.</summary>
    public static string Build()
    {
        StringBuilder script = new("""
            # Completion for wgproxy in fish. A test makes this file from the program's tables: see CONTRIBUTING.md.

            # Whether the line has this command, which is its first word.
            function __wgproxy_command
                set -l words (commandline -opc)
                test (count $words) -ge 2; and test "$words[2]" = $argv[1]
            end

            # Whether the line has none of these commands.
            function __wgproxy_without
                set -l words (commandline -opc)
                test (count $words) -lt 2; or not contains -- "$words[2]" $argv
            end

            # Whether the line has this command, and so many words before the one that is typed.
            function __wgproxy_word
                test (count (commandline -opc)) -eq $argv[2]; and __wgproxy_command $argv[1]
            end

            complete -c wgproxy -f

            """);
        foreach (VerbSyntax command in VerbSyntax.All.Skip(1))
        {
            _ = script.Append($"complete -c wgproxy -n 'test (count (commandline -opc)) -eq 1' -a {command.Name} -d {Quote(SettingWords.Brief(command.Help))}\n");
        }

        foreach (OptionRow row in OptionTable.Rows)
        {
            IEnumerable<string> without = VerbSyntax.All.Where(command => !SettingWords.OptionsOf(command).Contains(row)).Select(command => command.Name);
            Flag(script, without.Any() ? $"__wgproxy_without {string.Join(' ', without)}" : null, row.Flag, row.Help, row.Unit, SettingWords.Of(row));
        }

        _ = script.Append("complete -c wgproxy -l help -d 'print a summary'\ncomplete -c wgproxy -l version -d 'print the version'\n");
        foreach (VerbSyntax command in VerbSyntax.All.Skip(1))
        {
            foreach (CommandFlag flag in command.Flags)
            {
                Flag(script, $"__wgproxy_command {command.Name}", flag.Name, flag.Help, flag.Unit, SettingWords.Of(flag));
            }

            for (int i = 0; i < command.Words.Count; i++)
            {
                SettingWords word = SettingWords.OfWord(command.Words[i]);
                string? action = word.Kind == SettingKind.File ? "-F" : word.Words.Count > 0 ? $"-a {Quote(string.Join(' ', word.Words))}" : null;
                if (action is not null)
                {
                    _ = script.Append($"complete -c wgproxy -n '__wgproxy_word {command.Name} {i + 2}' {action}\n");
                }
            }
        }

        return script.ToString();
    }

    private static void Flag(StringBuilder script, string? condition, string flag, string help, string unit, SettingWords value)
    {
        string words = value.Kind switch
        {
            SettingKind.Interface => string.Join(' ', value.Words.Append("(__fish_print_interfaces)")),
            SettingKind.Group => string.Join(' ', value.Words.Append("(__fish_complete_groups)")),
            _ => string.Join(' ', value.Words),
        };
        string takes = unit.Length == 0 ? string.Empty : value.Kind == SettingKind.File ? " -r -F" : " -x";
        _ = script.Append($"complete -c wgproxy{(condition is null ? string.Empty : $" -n {Quote(condition)}")} -l {flag[2..]}{takes}{(words.Length == 0 ? string.Empty : $" -a {Quote(words)}")} -d {Quote(SettingWords.Brief(help))}\n");
    }

    private static string Quote(string text) => $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)}'";
}
