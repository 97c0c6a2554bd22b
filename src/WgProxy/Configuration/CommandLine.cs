using System.CommandLine;
using System.CommandLine.Parsing;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>What the program is asked to do.</summary>
internal enum Verb
{
    /// <summary>To relay.</summary>
    Relay,

    /// <summary>To check the settings.</summary>
    Check,

    /// <summary>To make a configuration file.</summary>
    Import,

    /// <summary>To examine the host.</summary>
    Doctor,
}

/// <summary>The arguments of the program, taken apart by the option table.</summary>
internal sealed class CommandLine
{
    private const string InPlaceFlag = "--in-place";
    private const string RelayFlag = "--relay";

    private readonly Option<bool> _help = new("--help", "-h", "-?");
    private readonly Option<bool> _version = new("--version");
    private readonly Option<bool> _json = new("--json");
    private readonly Option<string> _inPlace = new(InPlaceFlag);
    private readonly Option<string> _relay = new(RelayFlag);
    private readonly Argument<string> _file = new("FILE") { Arity = ArgumentArity.ZeroOrOne };
    private readonly Dictionary<OptionRow, Option<string>> _flags =
        OptionTable.Rows.ToDictionary(row => row, row => new Option<string>(row.Flag));

    private readonly ParseResult _result;

    /// <summary>Takes arguments apart. Errors are found by <see cref="IsValid"/>.</summary>
    public CommandLine(IReadOnlyList<string> arguments)
    {
        Verb = arguments is ["check", ..] ? Verb.Check : arguments is ["import", ..] ? Verb.Import : arguments is ["doctor", ..] ? Verb.Doctor : Verb.Relay;

        // A Command and not a RootCommand: what help and version print is decided here, and an argument that begins
        // with "@" is not the name of a file.
        Command command = new("wgproxy") { _help, _version };
        foreach (Option<string> flag in _flags.Values)
        {
            command.Add(flag);
        }

        if (Verb == Verb.Doctor)
        {
            command.Add(_json);
        }

        if (Verb == Verb.Import)
        {
            command.Add(_inPlace);
            command.Add(_relay);
            command.Add(_file);
        }

        ParserConfiguration configuration = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        _result = command.Parse([.. arguments.Skip(Verb == Verb.Relay ? 0 : 1)], configuration);
    }

    /// <summary>What the program is asked to do.</summary>
    public Verb Verb { get; }

    /// <summary>The file to import; <c>-</c> for standard input; null for none.</summary>
    public string? File => Verb == Verb.Import && _result.GetResult(_file) is { Tokens: [Token token] } ? token.Value : null;

    /// <summary>The client's file to edit; null for none.</summary>
    public string? InPlace => TextOf(_inPlace);

    /// <summary>The endpoint at which clients reach the relay; null if it was not given.</summary>
    public string? Relay => TextOf(_relay);

    /// <summary>Whether a program reads what the command says.</summary>
    public bool WantsJson => Verb == Verb.Doctor && _result.GetResult(_json) is { Implicit: false };

    /// <summary>Whether help was asked for. It is given no matter what else was said.</summary>
    public bool WantsHelp => _result.GetResult(_help) is { Implicit: false };

    /// <summary>Whether the version was asked for.</summary>
    public bool WantsVersion => _result.GetResult(_version) is { Implicit: false };

    /// <summary>The text of a flag; null if it was not given. Only for a valid command line.</summary>
    public string? this[OptionRow row] => TextOf(_flags[row]);

    /// <summary>Whether every argument is a known flag with one value; says the first that is not.</summary>
    public bool IsValid(Log log)
    {
        if (_result.UnmatchedTokens is [string unknown, ..])
        {
            string[] own = Verb switch
            {
                Verb.Import => [InPlaceFlag, RelayFlag],
                Verb.Doctor => [_json.Name],
                _ => [],
            };
            string[] verbs = Verb == Verb.Relay && !unknown.StartsWith('-') ? ["check", "import", "doctor"] : [];
            log.UnknownArgument(unknown, Spelling.Nearest(unknown, OptionTable.Rows.Select(row => row.Flag).Concat(own).Concat(verbs)));
            return false;
        }

        OptionRow? wrong = OptionTable.Rows.FirstOrDefault(row => HasNotOneValue(_flags[row]));
        if (wrong is not null)
        {
            log.FlagNeedsOneValue(wrong);
            return false;
        }

        if (Verb == Verb.Import && (HasNotOneValue(_inPlace) || HasNotOneValue(_relay)))
        {
            log.BadCommandLine($"{(HasNotOneValue(_relay) ? RelayFlag : InPlaceFlag)} needs exactly one value");
            return false;
        }

        if (_result.Errors is [ParseError error, ..])
        {
            log.BadCommandLine(error.Message);
        }

        return _result.Errors.Count == 0;
    }

    private string? TextOf(Option<string> option) => _result.GetResult(option) is { Tokens: [Token token] } ? token.Value : null;

    private bool HasNotOneValue(Option<string> option) =>
        _result.GetResult(option) is { } found && found is not { Tokens.Count: 1, IdentifierTokenCount: 1 };
}
