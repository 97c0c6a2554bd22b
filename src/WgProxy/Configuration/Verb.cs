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

    /// <summary>To show what a running relay says.</summary>
    Show,

    /// <summary>To show it anew each second.</summary>
    Top,

    /// <summary>To tell why clients have no tunnel.</summary>
    Why,
}

/// <summary>How a command is written, beside the options that all take.</summary>
/// <param name="Verb">What it asks for.</param>
/// <param name="Name">Its name; empty for the relay itself.</param>
internal sealed record VerbSyntax(Verb Verb, string Name)
{
    /// <summary>The file to edit.</summary>
    public const string InPlace = "--in-place";

    /// <summary>The relay's endpoint.</summary>
    public const string Relay = "--relay";

    /// <summary>Only what concerns this server.</summary>
    public const string OfServer = "--of-server";

    /// <summary>Only what concerns this peer.</summary>
    public const string OfPeer = "--of-peer";

    /// <summary>The order of sessions.</summary>
    public const string Sort = "--sort";

    /// <summary>How many sessions.</summary>
    public const string Limit = "--limit";

    /// <summary>The report itself.</summary>
    public const string Json = "--json";

    /// <summary>All commands.</summary>
    public static IReadOnlyList<VerbSyntax> All { get; } =
    [
        new(Verb.Relay, string.Empty),
        new(Verb.Check, "check"),
        new(Verb.Import, "import") { Flags = [InPlace, Relay], TakesWord = true },
        new(Verb.Doctor, "doctor") { Switches = [Json] },
        new(Verb.Show, "show") { Flags = [OfServer, OfPeer, Sort, Limit], Switches = [Json], TakesWord = true },
        new(Verb.Top, "top"),
        new(Verb.Why, "why") { Switches = [Json], TakesWord = true },
    ];

    /// <summary>Its own flags with a value.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>Its own flags without one.</summary>
    public IReadOnlyList<string> Switches { get; init; } = [];

    /// <summary>Whether a word may follow that is no flag.</summary>
    public bool TakesWord { get; init; }

    /// <summary>The command that arguments begin with.</summary>
    public static VerbSyntax Of(IReadOnlyList<string> arguments) =>
        (arguments is [string first, ..] ? All.FirstOrDefault(syntax => syntax.Name.Length > 0 && string.Equals(syntax.Name, first, StringComparison.Ordinal)) : null) ?? All[0];
}
