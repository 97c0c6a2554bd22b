using System.Globalization;
using System.Net;

namespace WgProxy.Causes;

/// <summary>
/// Reads from a moment of the relay why clients have no tunnel. Pure. It names a cause only as far as the evidence goes: where two causes
/// look alike from here, the text says so.
/// </summary>
/// <param name="evidence">The moment.</param>
internal sealed class CauseFinder(Evidence evidence)
{
    // WireGuard repeats an unanswered initiation after 5 s and up to a third: from then on an answer is late.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(6);

    // A client gives up after 90 s, and keys end after 180 s: what is older tells of another situation.
    private static readonly TimeSpan Recent = Specification.RejectAfterTime;

    // So many clients with wrong keys are named one by one. More are a flood, or a server that has a new key.
    private const int MostNamed = 20;

    // Handshakes and keepalives alone are no data: a tunnel that carried so much has carried data.
    private const long SomeData = 8 * 1024;

    /// <summary>Everything that is wrong, the widest first; a single <see cref="CauseKind.None"/> if nothing is.</summary>
    public IReadOnlyList<Cause> All()
    {
        Cause[] causes = [.. Servers(), .. Strangers(), .. Mappings()];
        return causes.Length > 0
            ? [.. causes.OrderBy(cause => cause.Kind).ThenBy(cause => cause.Server, StringComparer.Ordinal)]
            : [new Cause(CauseKind.None, null, null, $"nothing is amiss: {Count(Tunnels(), "client has a tunnel", "clients have tunnels")}, and no client waits for an answer")];
    }

    /// <summary>What is wrong for one client.</summary>
    /// <param name="client">An address, an address and port, or the name of a peer.</param>
    public IReadOnlyList<Cause> Of(string client)
    {
        MappingStatus[] own = [.. evidence.Mappings.Where(mapping => Is(client, mapping))];
        HashSet<string> servers = [.. own.Select(mapping => NameOf(mapping.Route))];
        Cause[] causes =
        [
            .. Servers().Where(cause => cause.Client is { } source ? Is(client, source) || own.Any(mapping => mapping.Source == source)
                : cause.Kind == CauseKind.ServerSilent && servers.Contains(cause.Server!)),
            .. Strangers().Where(cause => cause.Client is { } source && Is(client, source)),
            .. Mappings().Where(cause => own.Any(mapping => mapping.Source == cause.Client)),
        ];
        return causes.Length > 0 ? [.. causes.OrderBy(cause => cause.Kind)]
            : own.Length > 0 ? [.. own.OrderByDescending(mapping => mapping.LastValid).Take(1).Select(HasTunnel)]
            : [new Cause(CauseKind.NothingHeard, null, null, $"nothing from {client} has reached this relay in the last {Seconds(Recent)}: a firewall or NAT before the relay drops it, or the client's Endpoint is another address or port")];
    }

    private IEnumerable<Cause> Servers()
    {
        foreach (ServerEvidence server in evidence.Servers)
        {
            MappingStatus[] waiting = [.. evidence.Mappings.Where(mapping => mapping.Route == server.Route && Waits(mapping))];
            Attempt[] gone = [.. evidence.Attempts.Where(attempt => attempt.Route == server.Route && !attempt.WasAnswered && evidence.UtcNow - attempt.Ended < Recent
                && !evidence.Mappings.Any(mapping => mapping.Source == attempt.Client && mapping.Route == attempt.Route))];
            Source[] clients = [.. waiting.Select(mapping => mapping.Source).Concat(gone.Select(attempt => attempt.Client)).Distinct()];
            if (clients.Length == 0)
            {
                continue;
            }

            Tick began = waiting.Length == 0 ? evidence.Now : waiting.Min(mapping => mapping.AskedSince);
            bool answersOthers = server.LastHandshake != default
                && (waiting.Length == 0 ? evidence.Now - server.LastHandshake < Recent.TotalMilliseconds : server.LastHandshake >= began);
            bool isSilentForAll = !answersOthers
                && (waiting.Any(mapping => mapping.Proof >= Proof.Established) || clients.Select(client => client.Address).Distinct().Count() > 1);
            if (isSilentForAll)
            {
                yield return new Cause(CauseKind.ServerSilent, null, server.Name, $"server {server.Name} at {server.Endpoint} answers no client ({LastAnswer(server)}), while {Count(clients.Length, "client waits", "clients wait")}: "
                    + (server.LastHandshake == default ? "it is down, unreachable from here, or has another key or port than configured" : "it is down, or unreachable from here"));
                continue;
            }

            foreach (Source client in clients)
            {
                string who = $"client {Name(client, server.Route)}: server {server.Name}";
                yield return answersOthers
                    ? new Cause(CauseKind.SilentForClient, client, server.Name, $"{who} answers others, and not this client's handshakes{For(client, waiting)}: it does not list the client's public key as a peer, or the client's clock was set back")
                    : new Cause(CauseKind.SilentForOnlyClient, client, server.Name, $"{who} does not answer its handshakes{For(client, waiting)} ({LastAnswer(server)}), and no other client asks it: the server at {server.Endpoint} is down or unreachable, or it does not list the client's public key, or the client's clock was set back");
            }
        }
    }

    private IEnumerable<Cause> Strangers()
    {
        StrangerStatus[] recent = [.. evidence.Strangers.Where(stranger => evidence.Now - stranger.Last < Recent.TotalMilliseconds
            && !evidence.Mappings.Any(mapping => mapping.Source == stranger.Source && mapping.Proof >= Proof.Established)).OrderByDescending(stranger => stranger.Last)];
        foreach (StrangerStatus stranger in recent.Take(MostNamed))
        {
            string? server = stranger.Route == default ? null : NameOf(stranger.Route);
            string who = $"client {stranger.Source} (unauthenticated)";
            yield return stranger.Verdict switch
            {
                Verdict.BadMac1 => new Cause(CauseKind.WrongServerKey, stranger.Source, null, $"{who}: its {Count(stranger.Times, "initiation is", "initiations are")} made for another public key than {Keys()}: its [Peer] has the wrong PublicKey"),
                Verdict.NoServer => new Cause(CauseKind.ServerUnresolved, stranger.Source, server, $"{who}: server {server}'s name has no address yet"),
                _ => new Cause(CauseKind.Refused, stranger.Source, server, $"{who}: the relay refuses its {Count(stranger.Times, "initiation", "initiations")} for {server}: {Words(stranger.Verdict)}"),
            };
        }

        if (recent.Length > MostNamed)
        {
            yield return new Cause(CauseKind.Refused, null, null, $"{recent.Length - MostNamed} more sources (unauthenticated) are refused: a flood, or clients of a server whose key has changed");
        }
    }

    private IEnumerable<Cause> Mappings()
    {
        foreach (MappingStatus mapping in evidence.Mappings)
        {
            string who = $"client {Name(mapping.Source, mapping.Route)}: server {NameOf(mapping.Route)}";
            if (mapping.Proof == Proof.Answered && IsLate(mapping.AskedSince))
            {
                yield return new Cause(CauseKind.AnswerUnused, mapping.Source, NameOf(mapping.Route), $"{who} answers its handshakes, and the client does not use the answers: the way back from the relay to the client loses them (firewall, NAT), or the two have different preshared keys");
            }
            else if (mapping is { Proof: Proof.Confirmed, IsUnanswered: false, HasReceivedLarge: false } && mapping.UplinkBytes + mapping.DownlinkBytes > SomeData)
            {
                yield return new Cause(CauseKind.OnlySmallData, mapping.Source, NameOf(mapping.Route), $"{who} and client exchange data, but no datagram above {Limits.LargeDatagram} bytes has come from the server{(mapping.HasSentLarge ? string.Empty : ", nor from the client")}: if transfers stall, the path loses large datagrams: lower the MTU of the tunnel's interfaces");
            }
        }

        foreach (Attempt attempt in evidence.Attempts.Where(attempt => attempt.WasAnswered && evidence.UtcNow - attempt.Ended < Recent
            && !evidence.Mappings.Any(mapping => mapping.Source == attempt.Client && mapping.Route == attempt.Route)))
        {
            yield return new Cause(CauseKind.AnswerUnused, attempt.Client, NameOf(attempt.Route), $"client {attempt.Client}: server {NameOf(attempt.Route)} answered its handshakes, and the client did not use the answers before it gave up: the way back from the relay to the client loses them (firewall, NAT), or the two have different preshared keys");
        }
    }

    private Cause HasTunnel(MappingStatus mapping) => new(
        mapping.Proof >= Proof.Established ? CauseKind.HasTunnel : CauseKind.None,
        mapping.Source,
        NameOf(mapping.Route),
        mapping.Proof >= Proof.Established
            ? $"client {Name(mapping.Source, mapping.Route)} has a tunnel to server {NameOf(mapping.Route)}, and is answered"
            : $"client {Name(mapping.Source, mapping.Route)} asks server {NameOf(mapping.Route)} since {Seconds(evidence.Now - mapping.AskedSince)}: too early to tell");

    private int Tunnels() => evidence.Mappings.Where(mapping => mapping.Proof >= Proof.Established).DistinctBy(mapping => (mapping.Route, mapping.Tunnel)).Count();

    private bool Waits(in MappingStatus mapping) =>
        mapping.Proof == Proof.Asked ? IsLate(mapping.AskedSince) : mapping is { Proof: >= Proof.Established, IsUnanswered: true };

    private bool IsLate(Tick since) => evidence.Now - since >= Late.TotalMilliseconds;

    private bool Is(string client, in MappingStatus mapping) =>
        Is(client, mapping.Source) || string.Equals(evidence.PeerName(mapping.Route, mapping.Peer), client, StringComparison.Ordinal);

    private static bool Is(string client, Source source) =>
        IPEndPoint.TryParse(client, out IPEndPoint? wanted) && wanted.Address.Equals(source.Address) && (wanted.Port == 0 || wanted.Port == source.Port);

    private string NameOf(RouteId route) => evidence.Servers.FirstOrDefault(server => server.Route == route)?.Name ?? "(removed)";

    private string Name(Source client, RouteId route)
    {
        MappingStatus known = evidence.Mappings.FirstOrDefault(mapping => mapping.Source == client && mapping.Route == route);
        return evidence.PeerName(route, known.Peer) is { } peer ? $"{client} ({peer})" : client.ToString();
    }

    private string Keys() => evidence.Servers is [var only] ? $"the server's, {only.Key}" : $"those of the {evidence.Servers.Count} servers";

    private string LastAnswer(ServerEvidence server) =>
        server.LastHandshake == default ? "it has answered no handshake since the relay started" : $"its last answer was {Seconds(evidence.Now - server.LastHandshake)} ago";

    private string For(Source client, MappingStatus[] waiting) =>
        Array.Find(waiting, mapping => mapping.Source == client) is { Proof: not Proof.None } mapping ? $" for {Seconds(evidence.Now - mapping.AskedSince)}" : string.Empty;

    private static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Denied => "its address is not on the allow list, or is on the deny list",
        Verdict.NotServedHere => "the server is not served at the address and port that it sends to: its [Peer] has the wrong Endpoint, or the server's Listen is too narrow",
        Verdict.OverShare => "its address prefix holds its share of unproven mappings",
        Verdict.ServerLoaded => "the server is under load",
        Verdict.TableFull => "the table is full",
        Verdict.Replayed => "they were sent before",
        _ => verdict.ToString(),
    };

    private static string Seconds(TimeSpan span) => Seconds((long)span.TotalMilliseconds);

    private static string Seconds(long milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000} s");

    private static string Count(int number, string one, string many) => number == 1 ? $"1 {one}" : $"{number} {many}";
}
