using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// The IPv4 addresses under which a host's messages to the relay appear: rewritten without state at the host's edge, so that
/// WireGuard in it knows nothing of them. Each change is one transaction of <c>nft</c>.
/// </summary>
internal sealed class Paths
{
    private const int First = 11;
    private readonly Host _host;
    private readonly int _relayPort;
    private readonly IPAddress[] _others;

    /// <summary>A host that has this many addresses beside its own.</summary>
    public Paths(Host host, int relayPort, int others)
    {
        _host = host;
        _relayPort = relayPort;
        _others = [.. Enumerable.Range(First, others).Select(end => IPAddress.Parse($"10.81.{host.Index}.{end}"))];
        foreach (IPAddress other in _others)
        {
            host.Space.Ip("addr", "add", $"{other}/32", "dev", Host.Link);
        }
    }

    private IPAddress Own => _host.Address(AddressFamily.InterNetwork);

    /// <summary>Moves to another address: what still comes to those of before is lost.</summary>
    public IPAddress Move(int number)
    {
        IPAddress to = _others[number];
        Apply($"ip saddr set {to}", [to]);
        return to;
    }

    /// <summary>Prepares a move to another address that happens when WireGuard takes this port.</summary>
    public IPAddress MoveWithPort(int from, int to, int port)
    {
        Apply(
            $"udp sport {port} ip saddr set {_others[to]}",
            [_others[from], _others[to]],
            $"udp sport != {port} ip saddr set {_others[from]}");
        return _others[to];
    }

    /// <summary>Takes another of two addresses for each packet.</summary>
    public void Alternate(int one, int other) => Apply(
        $"ip saddr set numgen inc mod 2 map {{ 0 : {_others[one]}, 1 : {_others[other]} }}", [_others[one], _others[other]]);

    /// <summary>Ends IPv4: nothing of the relay arrives by it any more.</summary>
    public void Close() => Apply("drop", []);

    private void Apply(string leaving, IPAddress[] open, string otherwise = "")
    {
        string toRelay = $"udp dport {_relayPort}";
        string fromRelay = $"udp sport {_relayPort}";
        _host.Space.Nft($$"""
            table ip paths { }
            delete table ip paths
            table ip paths {
                chain leaving {
                    type filter hook postrouting priority 0
                    {{(otherwise.Length > 0 ? $"{toRelay} {otherwise}" : "")}}
                    {{toRelay}} ip saddr {{Own}} {{leaving}}
                }
                chain coming {
                    type filter hook prerouting priority -300
                    {{(open.Length > 0 ? $"{fromRelay} ip daddr {{ {string.Join(", ", (object[])open)} }} ip daddr set {Own} accept" : "")}}
                    {{fromRelay}} drop
                }
            }
            """);
    }
}
