using System.Globalization;
using System.Text.RegularExpressions;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Tests;

/// <summary>Numbers of the documents are those of the program, and of the result files that they name.</summary>
public sealed partial class DocsFiguresTests
{
    private static readonly string[] Words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

    /// <summary>A document, and what it must say: each number is taken from the program.</summary>
    public static TheoryData<string, string> Limit => new()
    {
        { "docs/admission.md", $"| mappings | {DefaultMappings:N0}, and " },
        { "docs/admission.md", $"| of these, Asked | {MostAsked:N0}, and at most {Part(AskedPart)} |" },
        { "docs/admission.md", $"| of these, Claimed | {MostClaims:N0}, and at most {Part(ClaimedPart)}, but at least {LeastClaims}; {Words[ClaimsPerTunnel]} per tunnel; {MostOfAPrefix} per site " },
        { "docs/admission.md", $"| uplink of a claim | {Mebi(ClaimBurst)} MiB, then {Mebi(ClaimPerSecond)} MiB/s |" },
        { "docs/admission.md", $"| mappings on probation, per worker | {MaxOnProbation}; {ProbationsPerSecond} new ones per second, {ProbationBurst} at once;" },
        { "docs/admission.md", $"| initiations per mapping | {InitiationsPerSecond} per second, {InitiationBurst} at once; as many again with a cookie |" },
        { "docs/admission.md", $"| {UnknownBurst >> 10} KiB, then {UnknownPerSecond >> 10} KiB/s; from Established on {Mebi(UnknownProvenBurst)} MiB, then {Mebi(UnknownProvenPerSecond)} MiB/s |" },
        { "docs/admission.md", $"| mappings per tunnel | {Words[MembersPerTunnel]}, " },
        { "docs/admission.md", $"| index pairs, and remembered initiations | {Words[PairsPerTunnel]} each |" },
        { "docs/admission.md", $"unanswered ({MostAsked / LoadedPart:N0} by default)" },
        { "docs/admission.md", $"not challenged again for {Seconds(VerifiedFor)} s" },
        { "docs/admission.md", $"accepted a client at its address within {Words[(int)KnownFor.TotalMinutes]} minutes" },
        { "docs/admission.md", $"is spared, and {SparedPerSecond} per second in all" },
        { "docs/admission.md", $"judges {Specification.LoadedServerJudgesPerSecond} initiations per second" },
        { "docs/admission.md", $"hands out {ServerTokensPerSecond} tokens per second" },
        { "docs/admission.md", $"a token in the last {1_000 * TokensOfASite / ServerTokensPerSecond} ms may not use the last {Words[LeftToOtherSites]} " },
        { "docs/admission.md", $"passes once in {Words[(int)BetweenUnjudged.TotalSeconds]} seconds without a token" },
        { "docs/mapping-lifecycle.md", $"| {Seconds(AskedTimeout)} s after the last forwarded initiation, {Seconds(AskedLimit)} s in all; {Seconds(CookieTimeout)} s after a cookie from the server |" },
        { "docs/mapping-lifecycle.md", $"| {Seconds(ClaimedTimeout)} s after its last packet with a live index |" },
        { "docs/mapping-lifecycle.md", $"to one of the mapping's last {Words[InitiationsPerEnd]} initiations | {Seconds(AnsweredTimeout)} s |" },
        { "docs/mapping-lifecycle.md", $"| {Seconds(Specification.RejectAfterTime)} s; a cookie from the server adds {Seconds(CookieTimeout)} s at most |" },
        { "docs/mapping-lifecycle.md", $"must hear both ends within {Seconds(RevivedTimeout)} s" },
        { "docs/mapping-lifecycle.md", $"Its port rests for {Seconds(Specification.RejectAfterTime)} s if the server has used it, and otherwise for {Seconds(UnusedPortRest)} s" },
        { "docs/mapping-lifecycle.md", $"A tunnel keeps up to {Words[PairsPerTunnel]} pairs for {Seconds(IndexLifetime)} s each" },
        { "docs/mapping-lifecycle.md", $"data stay unanswered for {AnsweredWithin / 1_000} s" },
        { "docs/mapping-lifecycle.md", $"{Words[AskedBeforeMoved]} unanswered initiations in {AskedBeforeMovedFor / 1_000} to {AskedTogether / 1_000} s" },
        { "docs/limits.md", $"for {Seconds(IdleTimeout)} s in either direction" },
        { "SECURITY.md", $"Each lasts for {Seconds(AskedTimeout)} s after its last initiation, and {Seconds(AskedLimit)} s in all, or {Seconds(CookieTimeout)} s after a cookie" },
        { "SECURITY.md", $"remembers its own last {RememberedReplays:N0}." },
        { "SECURITY.md", $"is limited to {MostOfAPrefix} mappings without a cookie and {MostOfAPrefix} with one" },
        { "SECURITY.md", $"the {ServerTokensPerSecond} tokens a second of a *loaded* server" },
        { "SECURITY.md", $"cookies from {Words[TokensOfASite]} sites can hold them to {Words[ServerTokensPerSecond / TokensOfASite]} tokens a second" },
        { "SECURITY.md", $"hold {Words[ClaimsPerTunnel]} claims on that tunnel, by each worker. Through each it can send {Mebi(ClaimBurst)} MiB and then {Mebi(ClaimPerSecond)} MiB/s" },
        { "SECURITY.md", $"fill all {MostClaims:N0} claims" },
        { "SECURITY.md", $"have {Words[InitiationsPerSecond]} initiation per second forwarded on a mapping" },
        { "SECURITY.md", $"At most {MaxOnProbation} are on probation at once, with {ProbationsPerSecond} new ones per second" },
    };

    [Theory]
    [MemberData(nameof(Limit))]
    public void A_limit_in_a_document_is_the_programs(string file, string sentence) =>
        Assert.Contains(sentence, Space().Replace(Read(file), " "), StringComparison.Ordinal);

    [Theory]
    [InlineData("README.md", 3)]
    [InlineData("docs/performance.md", 5)]
    public void Each_rate_in_a_table_stands_in_a_result_that_the_document_names(string file, int leastRows)
    {
        string text = Read(file);
        HashSet<long> measured = [.. Result().Matches(text).SelectMany(match => Measured(Read($"bench/results/{match.Groups["name"].Value}")))];
        string[] rows = [.. text.Split('\n').Where(line => RowOfRates().IsMatch(line))];
        Assert.True(rows.Length >= leastRows, $"{file} has {rows.Length} rows with rates");
        Assert.All(rows, row => Assert.All(
            Rate().Matches(row).Select(match => long.Parse(match.Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)),
            rate => Assert.True(measured.Contains(rate), $"{rate} is in no result that {file} names: {row}")));
    }

    // As the result files round them, and to the thousands that the documents give.
    private static IEnumerable<long> Measured(string result) =>
        Short().Matches(JsonLine().Replace(result, string.Empty)).Select(match =>
            (long)Math.Round(double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * (match.Groups["unit"].ValueSpan is "M" ? 1_000 : 1)) * 1_000);

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    private static string Part(int part) => part switch { 4 => "a quarter", 8 => "an eighth", 16 => "a sixteenth", _ => $"one in {part}" };

    private static long Mebi(long bytes) => bytes >> 20;

    private static int Seconds(TimeSpan time) => (int)time.TotalSeconds;

    [GeneratedRegex(@"bench/results/(?<name>[\w-]+\.md)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Result();

    [GeneratedRegex(@"\b[0-9]{1,3}(,[0-9]{3})+\b", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"^\| .*(datagrams? a second|flows?,).*[0-9],[0-9]{3}\b", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex RowOfRates();

    [GeneratedRegex(@"\b(?<number>[0-9]+(\.[0-9]+)?)(?<unit>[kM])\b", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Short();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1_000)]
    private static partial Regex Space();

    [GeneratedRegex(@"^\{.*$", RegexOptions.Multiline, 1_000)]
    private static partial Regex JsonLine();
}
