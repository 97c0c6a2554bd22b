namespace WgProxy.Configuration;

/// <summary>How a command is written, beside the options that all take: everything that the parser and help know about it.</summary>
/// <param name="Verb">What it asks for.</param>
/// <param name="Name">Its name; empty for the relay itself.</param>
/// <param name="Help">What it does.</param>
internal sealed record VerbSyntax(Verb Verb, string Name, string Help)
{
    /// <summary>The file to edit.</summary>
    public static readonly CommandFlag InPlace = new("--in-place", "FILE", "change these lines in this file; needs --relay");

    /// <summary>The relay's endpoint.</summary>
    public static readonly CommandFlag Relay = new("--relay", "HOST:PORT", "the endpoint at which the client reaches the relay");

    /// <summary>Only what concerns this server.</summary>
    public static readonly CommandFlag Server = new("--server", "NAME", "only what concerns this server");

    /// <summary>The server of the peer that is meant.</summary>
    public static readonly CommandFlag PeersServer = new("--server", "NAME", "the peer of this server only; otherwise those of all servers are meant");

    /// <summary>Only what concerns this peer.</summary>
    public static readonly CommandFlag Peer = new("--peer", "NAME", "only what concerns this peer");

    /// <summary>Only the session of this upstream port.</summary>
    public static readonly CommandFlag Port = new("--port", "NUMBER", "only the session with this upstream port, which wg show prints on the server");

    /// <summary>The order of rows.</summary>
    public static readonly CommandFlag Sort = new("--sort", "ORDER", "the order of rows, such as traffic; the answer to an unknown one lists all there are");

    /// <summary>How many rows.</summary>
    public static readonly CommandFlag Limit = new("--limit", "NUMBER", "so many rows; of sessions 1,000 at most, of the log 256") { Short = "-n" };

    /// <summary>How many days.</summary>
    public static readonly CommandFlag Days = new("--days", "NUMBER", "with usage: so many days, today's included; 7 if it is not given, 400 at most");

    /// <summary>The level of lines.</summary>
    public static readonly CommandFlag Level = new("--level", "0-3", "with log: only lines up to this level");

    /// <summary>To deny too.</summary>
    public static readonly CommandFlag Deny = new("--deny", string.Empty, "also deny the client until the relay is restarted");

    /// <summary>The report itself.</summary>
    public static readonly CommandFlag Json = new("--json", string.Empty, "the report for programs");

    /// <summary>Whether it can serve.</summary>
    public static readonly CommandFlag Ready = new("--ready", string.Empty, "ask whether it can serve clients: it listens, and knows the address of a server");

    /// <summary>Only whether a server is configured.</summary>
    public static readonly CommandFlag Configured = new("--configured", string.Empty, "only tell whether a server is configured");

    /// <summary>What can be shown, beside the one screen.</summary>
    public static IReadOnlyList<string> Topics { get; } = ["sessions", "peers", "servers", "drops", "usage", "fleet", "log"];

    /// <summary>All commands.</summary>
    public static IReadOnlyList<VerbSyntax> All { get; } =
    [
        new(Verb.Relay, string.Empty, string.Empty),
        new(Verb.Check, "check", "check the settings and resolve the servers' names, without relaying") { Flags = [Configured] },
        new(Verb.Show, "show", "ask a running relay, and show it on one screen; or show sessions, peers, servers or drops, one per line; or what was carried each day "
            + "(usage); or its part in a fleet (fleet); or the last lines of the log")
        {
            Words = [$"[{string.Join('|', Topics)}]"],
            Flags = [Server, Peer, Port, Sort, Limit, Days, Level, Json],
        },
        new(Verb.Top, "top", "show a running relay and its busiest sessions anew each second; Ctrl-C ends it"),
        new(Verb.Why, "why", "tell why clients of a running relay have no tunnel; or why one has none: its address, address and port, or its peer's name")
        {
            Words = ["[CLIENT]"],
            Flags = [Json],
        },
        new(Verb.Doctor, "doctor", "examine this host for what keeps a relay from working, and say what mends it") { Flags = [Json] },
        new(Verb.Health, "health", "tell whether a running relay is well, by the exit code too: 0 if it is, 1 if it is not, 3 if none answers") { Flags = [Ready, Json] },
        new(Verb.Reload, "reload", "have a running relay read its configuration file again and resolve all names, and tell what has changed") { Flags = [Json] },
        new(Verb.Drop, "drop", "end the mappings of a client now: of an address, an address and port, or a peer's name; it may return by its next handshake")
        {
            Words = ["CLIENT"],
            Flags = [Deny, PeersServer, Json],
        },
        new(Verb.Set, "set", "set the log level of a running relay until its next reload") { Words = [LogLevel, "0-3"], Flags = [Json] },
        new(Verb.Takeover, "takeover", "have a relay that stands by take over from the other one of its pair (Standby in its section [Fleet]), as VRRP gave it their address; and tell how many mappings go on")
        {
            Words = ["[NAME]"],
            Flags = [Json],
        },
        new(Verb.Import, "import", "write a configuration file to standard output: from a client's or a server's WireGuard file, from standard input (-), or "
            + "without a file from the options; and the lines of the client's file to change to standard error")
        {
            Words = ["[FILE|-]"],
            Flags = [Relay, InPlace],
        },
    ];

    /// <summary>What can be set.</summary>
    public const string LogLevel = "log-level";

    /// <summary>What may stand behind it that is no flag, as usage lines give it.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Its own flags.</summary>
    public IReadOnlyList<CommandFlag> Flags { get; init; } = [];

    /// <summary>How it is written.</summary>
    public string Usage => string.Join(' ', [.. new[] { "wgproxy", Name }.Where(word => word.Length > 0), .. Words, "[OPTIONS]"]);

    /// <summary>The command that arguments begin with.</summary>
    public static VerbSyntax Of(IReadOnlyList<string> arguments) =>
        (arguments is [string first, ..] ? All.FirstOrDefault(syntax => syntax.Name.Length > 0 && string.Equals(syntax.Name, first, StringComparison.Ordinal)) : null) ?? All[0];
}
