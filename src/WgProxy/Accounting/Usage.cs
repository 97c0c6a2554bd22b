using WgProxy.Core.Protocol;

namespace WgProxy.Accounting;

/// <summary>Whose account it is: a server's with all of its clients, or that of one of its peers. Keys stay what they are when names
/// change.</summary>
/// <param name="Server">The server's public key.</param>
/// <param name="Peer">The peer's public key; null for the whole server, clients without a name included.</param>
internal readonly record struct UsageOwner(PublicKey Server, PublicKey? Peer);

/// <summary>An account since the program started.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Figures">What was done.</param>
internal readonly record struct Usage(UsageOwner Owner, UsageFigures Figures);

/// <summary>An account of one day.</summary>
/// <param name="Day">The day, UTC.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Figures">What was done.</param>
internal readonly record struct UsageOfDay(DateOnly Day, UsageOwner Owner, UsageFigures Figures);
