using System.Text;
using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>Completion for bash. It needs bash 4.4 alone, not the package bash-completion.</summary>
internal static class BashCompletion
{
    /// <summary>The script.</summary>
    public static string Build()
    {
        StringBuilder script = new("""
            # Completion for wgproxy in bash. A test makes this file from the program's tables: see CONTRIBUTING.md.
            # shellcheck shell=bash

            _wgproxy() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' flags words=''
                COMPREPLY=()
                ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}
                case $command:$prev in

            """);
        foreach (VerbSyntax command in VerbSyntax.All)
        {
            foreach (CommandFlag flag in command.Flags)
            {
                // A switch has no value, though the option that it hides may.
                _ = script.Append($"        {command.Name}:{flag.Name}) {(flag.IsSwitch ? string.Empty : $"{Action(SettingWords.Of(flag))}; return ")};;\n");
            }
        }

        foreach (OptionRow row in OptionTable.Rows)
        {
            _ = script.Append($"        *:{row.Flag}) {Action(SettingWords.Of(row))}; return ;;\n");
        }

        _ = script.Append("    esac\n    case $command in\n");
        foreach (VerbSyntax command in VerbSyntax.All.Skip(1).Append(VerbSyntax.All[0]))
        {
            IEnumerable<string> flags = [.. command.Flags.Select(flag => flag.Name), .. SettingWords.OptionsOf(command).Select(row => row.Flag), "--help", "--version"];
            _ = script.Append($"        {(command.Name.Length == 0 ? "*" : command.Name)})\n            flags='{string.Join(' ', flags)}'\n");
            for (int i = 0; i < command.Words.Count; i++)
            {
                SettingWords word = SettingWords.OfWord(command.Words[i]);
                if (word.Kind == SettingKind.File || word.Words.Count > 0)
                {
                    _ = script.Append($"            [[ $COMP_CWORD != {i + 2} || $cur == -* ]] || {{ {Action(word)}; return; }}\n");
                }
            }

            _ = script.Append("            ;;\n");
        }

        return script.Append($"""
                esac
                ((COMP_CWORD > 1)) || words='{string.Join(' ', VerbSyntax.All.Skip(1).Select(command => command.Name))}'
                [[ $cur != -* ]] || words=$flags
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
            """).Append("""

            }

            _wgproxy_files() {
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            }

            complete -F _wgproxy wgproxy

            """).ToString();
    }

    private static string Action(SettingWords value)
    {
        string list = $"compgen -W '{string.Join(' ', value.Words)}' -- \"$cur\"";
        return value.Kind switch
        {
            SettingKind.File => "_wgproxy_files" + (value.Words.Count == 0 ? string.Empty : $"; mapfile -t -O ${{#COMPREPLY[@]}} COMPREPLY < <({list})"),
            SettingKind.Interface => $"mapfile -t COMPREPLY < <({list}; compgen -W \"$(ls /sys/class/net)\" -- \"$cur\")",
            SettingKind.Group => $"mapfile -t COMPREPLY < <({list}; compgen -g -- \"$cur\")",
            _ when value.Words.Count == 0 => ":",
            _ => $"mapfile -t COMPREPLY < <({list})",
        };
    }
}
