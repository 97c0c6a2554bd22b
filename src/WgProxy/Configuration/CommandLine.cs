using System.CommandLine;
using System.CommandLine.Parsing;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The arguments of the program, taken apart by the option table.</summary>
internal sealed class CommandLine
{
    private readonly Option<bool> _help = new("--help", "-h", "-?");
    private readonly Option<bool> _version = new("--version");
    private readonly Dictionary<OptionRow, Option<string>> _flags =
        OptionTable.Rows.ToDictionary(row => row, row => new Option<string>(row.Flag));

    private readonly ParseResult _result;

    /// <summary>Takes arguments apart. Errors are found by <see cref="IsValid"/>.</summary>
    public CommandLine(IReadOnlyList<string> arguments)
    {
        // A Command and not a RootCommand: what help and version print is decided here, and an argument that begins
        // with "@" is not the name of a file.
        Command command = new("wgproxy") { _help, _version };
        foreach (Option<string> flag in _flags.Values)
        {
            command.Add(flag);
        }

        ParserConfiguration configuration = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        _result = command.Parse(arguments, configuration);
    }

    /// <summary>Whether help was asked for. It is given no matter what else was said.</summary>
    public bool WantsHelp => _result.GetResult(_help) is { Implicit: false };

    /// <summary>Whether the version was asked for.</summary>
    public bool WantsVersion => _result.GetResult(_version) is { Implicit: false };

    /// <summary>The text of a flag; null if it was not given. Only for a valid command line.</summary>
    public string? this[OptionRow row] =>
        _result.GetResult(_flags[row]) is { Tokens: [Token token] } ? token.Value : null;

    /// <summary>Whether every argument is a known flag with one value; says the first that is not.</summary>
    public bool IsValid(Log log)
    {
        if (_result.UnmatchedTokens is [string unknown, ..])
        {
            log.UnknownArgument(unknown, Spelling.Nearest(unknown, OptionTable.Rows.Select(row => row.Flag)));
            return false;
        }

        OptionRow? wrong = OptionTable.Rows.FirstOrDefault(row =>
            _result.GetResult(_flags[row]) is { } found && found is not { Tokens.Count: 1, IdentifierTokenCount: 1 });
        if (wrong is not null)
        {
            log.FlagNeedsOneValue(wrong);
        }
        else if (_result.Errors is [ParseError error, ..])
        {
            log.BadCommandLine(error.Message);
        }

        return _result.Errors.Count == 0 && wrong is null;
    }
}
