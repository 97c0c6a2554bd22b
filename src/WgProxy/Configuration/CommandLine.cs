using System.CommandLine;
using System.CommandLine.Parsing;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>The arguments of the program, taken apart by the option table.</summary>
internal sealed class CommandLine
{
    private readonly Option<bool> _help = new("--help", "-h", "-?");
    private readonly Option<bool> _version = new("--version");
    private readonly VerbSyntax _syntax;
    private readonly Dictionary<string, Option<string>> _own;
    private readonly Dictionary<string, Option<bool>> _switches;
    private readonly Argument<string> _word = new("WORD") { Arity = ArgumentArity.ZeroOrOne };
    private readonly Dictionary<OptionRow, Option<string>> _flags =
        OptionTable.Rows.ToDictionary(row => row, row => new Option<string>(row.Flag));

    private readonly ParseResult _result;

    /// <summary>Takes arguments apart. Errors are found by <see cref="IsValid"/>.</summary>
    public CommandLine(IReadOnlyList<string> arguments)
    {
        _syntax = VerbSyntax.Of(arguments);
        _own = _syntax.Flags.ToDictionary(name => name, name => new Option<string>(name), StringComparer.Ordinal);
        _switches = _syntax.Switches.ToDictionary(name => name, name => new Option<bool>(name), StringComparer.Ordinal);

        // A Command and not a RootCommand: what help and version print is decided here, and an argument that begins
        // with "@" is not the name of a file.
        Command command = new("wgproxy") { _help, _version };
        foreach (Option option in (IEnumerable<Option>)[.. _flags.Values, .. _own.Values, .. _switches.Values])
        {
            command.Add(option);
        }

        if (_syntax.TakesWord)
        {
            command.Add(_word);
        }

        ParserConfiguration configuration = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        _result = command.Parse([.. arguments.Skip(Verb == Verb.Relay ? 0 : 1)], configuration);
    }

    /// <summary>What the program is asked to do.</summary>
    public Verb Verb => _syntax.Verb;

    /// <summary>The word behind the command: the file to import, <c>-</c> for standard input, what to show, or the client to tell of; null
    /// for none.</summary>
    public string? Word => _syntax.TakesWord && _result.GetResult(_word) is { Tokens: [Token token] } ? token.Value : null;

    /// <summary>The client's file to edit; null for none.</summary>
    public string? InPlace => this[VerbSyntax.InPlace];

    /// <summary>The endpoint at which clients reach the relay; null if it was not given.</summary>
    public string? Relay => this[VerbSyntax.Relay];

    /// <summary>Whether a program reads what the command says.</summary>
    public bool WantsJson => _switches.TryGetValue(VerbSyntax.Json, out Option<bool>? json) && _result.GetResult(json) is { Implicit: false };

    /// <summary>What the command show is asked for.</summary>
    public ShowQuestion Question =>
        new(Word, WantsJson, this[VerbSyntax.OfServer], this[VerbSyntax.OfPeer], this[VerbSyntax.Sort], this[VerbSyntax.Limit]);

    /// <summary>Whether help was asked for. It is given no matter what else was said.</summary>
    public bool WantsHelp => _result.GetResult(_help) is { Implicit: false };

    /// <summary>Whether the version was asked for.</summary>
    public bool WantsVersion => _result.GetResult(_version) is { Implicit: false };

    /// <summary>The text of a flag; null if it was not given. Only for a valid command line.</summary>
    public string? this[OptionRow row] => TextOf(_flags[row]);

    /// <summary>The text of a flag of the command's own; null if it was not given, or the command has none such.</summary>
    public string? this[string own] => _own.TryGetValue(own, out Option<string>? option) ? TextOf(option) : null;

    /// <summary>Whether every argument is a known flag with one value; says the first that is not.</summary>
    public bool IsValid(Log log)
    {
        if (_result.UnmatchedTokens is [string unknown, ..])
        {
            string[] own = [.. _syntax.Flags, .. _syntax.Switches];
            string[] verbs = Verb == Verb.Relay && !unknown.StartsWith('-') ? [.. VerbSyntax.All.Skip(1).Select(syntax => syntax.Name)] : [];
            log.UnknownArgument(unknown, Spelling.Nearest(unknown, OptionTable.Rows.Select(row => row.Flag).Concat(own).Concat(verbs)));
            return false;
        }

        OptionRow? wrong = OptionTable.Rows.FirstOrDefault(row => HasNotOneValue(_flags[row]));
        if (wrong is not null)
        {
            log.FlagNeedsOneValue(wrong);
            return false;
        }

        if (_own.FirstOrDefault(own => HasNotOneValue(own.Value)).Key is { } valueless)
        {
            log.BadCommandLine($"{valueless} needs exactly one value");
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
