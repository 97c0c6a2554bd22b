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
    private readonly Dictionary<CommandFlag, Option> _own;
    private readonly Argument<string>[] _words;
    private readonly Dictionary<OptionRow, Option<string>> _flags;

    private readonly ParseResult _result;

    /// <summary>Takes arguments apart. Errors are found by <see cref="IsValid"/>.</summary>
    public CommandLine(IReadOnlyList<string> arguments)
    {
        _syntax = VerbSyntax.Of(arguments);
        _own = _syntax.Flags.ToDictionary(flag => flag, Made);
        _flags = OptionTable.Rows.Where(row => !_syntax.Flags.Any(flag => string.Equals(flag.Name, row.Flag, StringComparison.Ordinal)))
            .ToDictionary(row => row, row => new Option<string>(row.Flag));
        _words = [.. _syntax.Words.Select(word => new Argument<string>(word) { Arity = ArgumentArity.ZeroOrOne })];

        // A Command and not a RootCommand: what help and version print is decided here, and an argument that begins
        // with "@" is not the name of a file.
        Command command = new("wgproxy") { _help, _version };
        foreach (Option option in (IEnumerable<Option>)[.. _flags.Values, .. _own.Values])
        {
            command.Add(option);
        }

        Array.ForEach(_words, command.Add);

        ParserConfiguration configuration = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        _result = command.Parse([.. arguments.Skip(Verb == Verb.Relay ? 0 : 1)], configuration);
    }

    /// <summary>How what the program is asked to do is written.</summary>
    public VerbSyntax Syntax => _syntax;

    /// <summary>What the program is asked to do.</summary>
    public Verb Verb => _syntax.Verb;

    /// <summary>The words behind the command that are no flags: the file to import, what to show, the client that is meant.</summary>
    public IReadOnlyList<string> Words => [.. _words.SelectMany(word => _result.GetResult(word)?.Tokens ?? []).Select(token => token.Value)];

    /// <summary>The first of them; null for none.</summary>
    public string? Word => Words is [string first, ..] ? first : null;

    /// <summary>The client's file to edit; null for none.</summary>
    public string? InPlace => this[VerbSyntax.InPlace];

    /// <summary>The endpoint at which clients reach the relay; null if it was not given.</summary>
    public string? Relay => this[VerbSyntax.Relay];

    /// <summary>Whether a program reads what the command says.</summary>
    public bool WantsJson => Has(VerbSyntax.Json);

    /// <summary>Whether only this is asked: is a server configured?</summary>
    public bool AsksIfConfigured => Has(VerbSyntax.Configured);

    /// <summary>What the command show is asked for.</summary>
    public ShowQuestion Question => new(Word, WantsJson, this[VerbSyntax.Server], this[VerbSyntax.Peer], this[VerbSyntax.Sort], this[VerbSyntax.Limit])
    {
        Port = this[VerbSyntax.Port],
        Days = this[VerbSyntax.Days],
        Level = this[VerbSyntax.Level],
    };

    /// <summary>Whether help was asked for. It is given no matter what else was said.</summary>
    public bool WantsHelp => _result.GetResult(_help) is { Implicit: false };

    /// <summary>Whether the version was asked for.</summary>
    public bool WantsVersion => _result.GetResult(_version) is { Implicit: false };

    /// <summary>The text of an option; null if it was not given, or a flag of the command's own hides it. Only for a valid command line.</summary>
    public string? this[OptionRow row] => _flags.TryGetValue(row, out Option<string>? option) ? TextOf(option) : null;

    /// <summary>The text of a flag of the command's own; null if it was not given, or the command has none such.</summary>
    public string? this[CommandFlag own] => _own.TryGetValue(own, out Option? option) ? TextOf(option) : null;

    /// <summary>Whether a switch of the command's own was given.</summary>
    public bool Has(CommandFlag own) => _own.TryGetValue(own, out Option? option) && _result.GetResult(option) is { Implicit: false };

    /// <summary>Whether every argument is a known flag with one value; says the first that is not.</summary>
    public bool IsValid(Log log)
    {
        if (_result.UnmatchedTokens is [string unknown, ..])
        {
            IEnumerable<string> own = _syntax.Flags.Select(flag => flag.Name);
            string[] verbs = Verb == Verb.Relay && !unknown.StartsWith('-') ? [.. VerbSyntax.All.Skip(1).Select(syntax => syntax.Name)] : [];
            log.UnknownArgument(unknown, Spelling.Nearest(unknown, OptionTable.Rows.Select(row => row.Flag).Concat(own).Concat(verbs)));
            return false;
        }

        OptionRow? wrong = _flags.FirstOrDefault(flag => HasNotOneValue(flag.Value)).Key;
        if (wrong is not null)
        {
            log.FlagNeedsOneValue(wrong);
            return false;
        }

        if (_own.FirstOrDefault(own => !own.Key.IsSwitch && HasNotOneValue(own.Value)).Key is { } valueless)
        {
            log.BadCommandLine($"{valueless.Name} needs exactly one value");
            return false;
        }

        if (_result.Errors is [ParseError error, ..])
        {
            log.BadCommandLine(error.Message);
        }

        return _result.Errors.Count == 0;
    }

    private static Option Made(CommandFlag flag)
    {
        string[] names = flag.Short is null ? [] : [flag.Short];
        return flag.IsSwitch ? new Option<bool>(flag.Name, names) : new Option<string>(flag.Name, names);
    }

    private string? TextOf(Option option) => _result.GetResult(option) is { Tokens: [Token token] } ? token.Value : null;

    private bool HasNotOneValue(Option option) =>
        _result.GetResult(option) is { } found && found is not { Tokens.Count: 1, IdentifierTokenCount: 1 };
}
