namespace WgProxy.Status;

/// <summary>What servers and peers have carried, day by day.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="IsKept">Whether days are kept over a restart.</param>
/// <param name="Next">The day to go on from: what is older did not fit into this answer; null if everything did.</param>
/// <param name="Accounts">The accounts, the last day first, and within a day those first that have carried most.</param>
internal sealed record UsageReport(DateTimeOffset Now, bool IsKept, string? Next, IReadOnlyList<UsageAccountReport> Accounts);

/// <summary>What one peer, or all clients of a server, have carried on one day.</summary>
/// <param name="Day">The day, UTC, such as 2026-11-27.</param>
/// <param name="Server">The server's name; its public key if it is not served now.</param>
/// <param name="Peer">The client's name; its public key if it is not listed now; null for all clients of the server together.</param>
/// <param name="Handshakes">Handshakes of the server, rekeys included.</param>
/// <param name="Uplink">Traffic to the server, UDP payload only.</param>
/// <param name="Downlink">Traffic from the server.</param>
/// <param name="LastSeen">When something last passed; null if nothing has.</param>
internal sealed record UsageAccountReport(
    string Day, string Server, string? Peer, long Handshakes, PassedReport Uplink, PassedReport Downlink, DateTimeOffset? LastSeen);

/// <summary>Which accounts are wanted.</summary>
/// <param name="Days">How many days, today's included.</param>
internal sealed record UsageQuestion(int Days = UsageQuestion.UsualDays)
{
    /// <summary>A week.</summary>
    public const int UsualDays = 7;

    /// <summary>The most accounts in one answer, but for those of a single day: some 2 MB.</summary>
    public const int MostAccounts = 5_000;

    /// <summary>Only accounts of the server with this name; null for those of all.</summary>
    public string? Server { get; init; }

    /// <summary>Only accounts of the clients with this name; null for those of all.</summary>
    public string? Peer { get; init; }

    /// <summary>The last day that is wanted; null for today.</summary>
    public DateOnly? To { get; init; }
}
