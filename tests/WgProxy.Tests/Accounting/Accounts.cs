using WgProxy.Accounting;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests.Accounting;

/// <summary>Accounts as tests write them.</summary>
internal static class Accounts
{
    public static readonly DateOnly Day = new(2026, 11, 27);

    public static PublicKey Key(int number) => Keys.Parse(Keys.TextOf(number));

    /// <summary>Whose account: of the server of a number, and of one of its peers.</summary>
    public static UsageOwner Of(int server, int? peer = null) => new(Key(server), peer is { } number ? Key(number) : null);

    /// <summary>Figures that differ in every member.</summary>
    public static UsageFigures FiguresOf(long number) => new(number, 10 * number, 100 * number, 1_000 * number, 10_000 * number, 100_000 * number);
}
