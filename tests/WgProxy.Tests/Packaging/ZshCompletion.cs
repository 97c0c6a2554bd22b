using System.Text;
using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>Completion for zsh, as a function that compinit finds by its first line.</summary>
internal static class ZshCompletion
{
    /// <summary>The script.</summary>
    public static string Build()
    {
        StringBuilder script = new("""
            #compdef wgproxy
            # Completion for wgproxy in zsh. A test makes this file from the program's tables: see CONTRIBUTING.md.

            _wgproxy() {
                local -a commands
                commands=(

            """);
        foreach (VerbSyntax command in VerbSyntax.All.Skip(1))
        {
            _ = script.Append($"        {Quote($"{command.Name}:{SettingWords.Brief(command.Help)}")}\n");
        }

        _ = script.Append("""
                )
                if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
                    _describe command commands
                    return
                fi
                case $words[2] in

            """);
        foreach (VerbSyntax command in VerbSyntax.All.Skip(1).Append(VerbSyntax.All[0]))
        {
            bool isRelay = command.Name.Length == 0;
            _ = script.Append(isRelay ? "        *)\n" : $"        {command.Name})\n            shift words\n            ((CURRENT--))\n");
            _ = script.Append("            _arguments -S : \\\n");
            for (int i = 0; i < command.Words.Count; i++)
            {
                SettingWords word = SettingWords.OfWord(command.Words[i]);
                string action = word.Kind == SettingKind.File ? "_files" : word.Words.Count > 0 ? $"({string.Join(' ', word.Words)})" : " ";
                _ = script.Append($"                {Quote($"{i + 1}:{(command.Words[i].StartsWith('[') ? ":" : string.Empty)}{command.Words[i].Trim('[', ']').Split('|')[0].ToLowerInvariant()}:{action}")} \\\n");
            }

            foreach (CommandFlag flag in command.Flags)
            {
                Flag(script, flag.Name, flag.Help, flag.Unit, SettingWords.Of(flag));
            }

            foreach (OptionRow row in SettingWords.OptionsOf(command))
            {
                Flag(script, row.Flag, row.Help, row.Unit, SettingWords.Of(row));
            }

            _ = script.Append("                '--help[print a summary]' \\\n                '--version[print the version]'\n            ;;\n");
        }

        return script.Append("""
                esac
            }

            _wgproxy "$@"

            """).ToString();
    }

    private static void Flag(StringBuilder script, string flag, string help, string unit, SettingWords value)
    {
        string words = value.Words.Count == 0 ? string.Empty : $"({string.Join(' ', value.Words)})";
        string action = value.Kind switch
        {
            SettingKind.File => words.Length == 0 ? "_files" : $"{{_alternative \"words\\:word\\:{words}\" \"files\\:file\\:_files\"}}",
            SettingKind.Interface => "_net_interfaces",
            SettingKind.Group => "_groups",
            _ => words.Length == 0 ? " " : words,
        };
        string text = SettingWords.Brief(help).Replace("[", @"\[", StringComparison.Ordinal).Replace("]", @"\]", StringComparison.Ordinal);
        _ = script.Append($"                {Quote($"{flag}[{text}]{(unit.Length == 0 ? string.Empty : $":{unit.Replace(":", @"\:", StringComparison.Ordinal)}:{action}")}")} \\\n");
    }

    private static string Quote(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
