using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WgProxy.Netns.Tests;

/// <summary>wgproxy doctor on hosts with what people lose days with. Where it names a command that mends, the command does.</summary>
[Trait("Engine", "None")]
public sealed class DoctorTests : IDisposable
{
    private const string Server = "10.81.1.2:51820";
    private static readonly string[] Unprivileged = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", RelayProcess.Binary];

    private readonly Topology _topology = new();
    private readonly string _key = WireGuardKey.New().Public;

    public void Dispose() => _topology.Dispose();

    [NetnsFact]
    public async Task A_rule_that_drops_the_port_is_found_and_mended()
    {
        _ = _topology.Add("server");
        _topology.Relay.Nft("""
            table inet filter {
                chain input {
                    type filter hook input priority 0; policy accept;
                    ct state established accept
                    meta l4proto udp drop
                }
            }
            """);
        (int code, Report report) = await DoctorAsync(Server);
        Assert.Equal(1, code);
        Assert.Equal("inet table filter, chain input drops what clients send to UDP port 51820", report["firewall-drops"].Text);
        Assert.Equal(1, report.Count("flows-tracked"));

        Mend(report["firewall-drops"]);
        (code, report) = await DoctorAsync(Server);
        Assert.Equal((0, 0, 1), (code, report.Count("firewall-drops"), report.Count("firewall-passes")));
    }

    [NetnsFact]
    public async Task A_policy_that_lets_only_some_servers_be_asked_is_found_and_mended()
    {
        _ = _topology.Add("server");
        _topology.Relay.Nft("""
            table ip out {
                chain output {
                    type filter hook output priority 0; policy drop;
                    udp sport 51820 accept
                }
            }
            """);
        (int code, Report report) = await DoctorAsync(Server);
        Assert.Equal((1, $"ip table out, chain output drops what the relay sends to {Server}"), (code, report["firewall-drops"].Text));
        Mend(report["firewall-drops"]);
        Assert.Equal(0, (await DoctorAsync(Server)).Code);
    }

    [NetnsFact]
    public async Task A_server_without_a_path_or_on_a_narrow_one_is_found_and_mended()
    {
        Host server = _topology.Add("server");
        (int code, Report report) = await DoctorAsync("198.51.100.7:51820");
        Assert.Equal(1, code);
        Assert.Contains("Network is unreachable", report["path-missing"].Text, StringComparison.Ordinal);

        IPAddress gateway = server.Address(AddressFamily.InterNetwork);
        _topology.Relay.Ip("route", "add", "198.51.100.7", "via", $"{gateway}", "mtu", "1400");
        (code, report) = await DoctorAsync("198.51.100.7:51820");
        Assert.Equal((0, "MTU = 1340 in [Interface] of the clients"), (code, report["path-narrow"].Mend));

        _topology.Relay.Ip("route", "change", "198.51.100.7", "via", $"{gateway}");
        (code, report) = await DoctorAsync("198.51.100.7:51820");
        Assert.Equal((0, 1), (code, report.Count("path-found")));
    }

    [NetnsFact]
    public async Task Who_holds_the_port_is_said()
    {
        Host server = _topology.Add("server");
        _topology.Relay.WriteSysctl("net/ipv4/ip_local_port_range", "40000 60000");
        (int code, Report report) = await DoctorAsync(Server);
        Assert.Equal((0, 1), (code, report.Count("relay-down")));
        Mend(report["port-handed-out"]);

        using (Socket other = _topology.Relay.Udp(IPAddress.Any, 51820))
        {
            (code, report) = await DoctorAsync(Server);
            Assert.Equal((1, 1, 1), (code, report.Count("port-taken"), report.Count("port-kept")));
            Assert.Contains($"(process {Environment.ProcessId})", report["port-taken"].Text, StringComparison.Ordinal);
        }

        using RelayProcess relay = await RelayProcess.StartAsync(_topology, new IPEndPoint(server.Address(AddressFamily.InterNetwork), 51820), _key);
        (code, report) = await DoctorAsync(Server);
        Assert.Equal((0, 1), (code, report.Count("relay-runs")));
        Assert.Equal("the relay that runs here has CAP_NET_ADMIN", report["privileges-enough"].Text);
    }

    [NetnsFact]
    public async Task Without_privileges_it_says_what_it_could_not_see()
    {
        Host server = _topology.Add("server");
        using RelayProcess relay = await RelayProcess.StartAsync(_topology, new IPEndPoint(server.Address(AddressFamily.InterNetwork), 51820), _key);
        (int code, Report report) = await DoctorAsync(Server, Unprivileged);
        Assert.Equal(0, code);
        Assert.Contains("rules of nftables: only a program with CAP_NET_ADMIN may read them: run doctor as root", report.NotSeen);
        Assert.Contains("the program that holds UDP port 51820: it is another user's: run doctor as root", report.NotSeen);
        Assert.Equal((1, 1), (report.Count("buffers-small"), report.Count("privileges-few")));
        Assert.StartsWith("sysctl -w net.core.rmem_max=", report["buffers-small"].Mend, StringComparison.Ordinal);
    }

    [NetnsFact]
    public async Task Names_families_and_settings_are_examined()
    {
        _ = _topology.Add("server");
        _topology.Relay.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "1");
        (int code, Report report) = await DoctorAsync("no-such-host.invalid:51820");
        Assert.Equal((1, 1, 1), (code, report.Count("name-unknown"), report.Count("ipv6-disabled")));

        (code, report) = await DoctorAsync(server: null);
        Assert.Equal((0, 1), (code, report.Count("server-not-named")));

        Child wrong = _topology.Own(_topology.Relay.Start("doctor", RelayProcess.Binary, ["doctor", "--listen", "nowhere"]));
        Assert.Equal(2, await wrong.ExitAsync(TimeSpan.FromSeconds(20)));
    }

    private async Task<(int Code, Report Report)> DoctorAsync(string? server, string[]? through = null)
    {
        string[] command = [.. through ?? [RelayProcess.Binary], "doctor", "--json"];
        (string, string)[] variables = server is null ? [] : [("WGPROXY_SERVER", server), ("WGPROXY_PUBKEY", _key)];
        Child doctor = _topology.Own(_topology.Relay.Start("doctor", command[0], command[1..], variables));
        int code = await doctor.ExitAsync(TimeSpan.FromSeconds(40));
        return (code, new Report(JsonDocument.Parse(string.Join('\n', doctor.Lines)).RootElement));
    }

    private void Mend(Line line) => Command.Run("ip", ["netns", "exec", _topology.Relay.Name, .. line.Mend.Split(' ')]);

    private sealed record Line(string Name, string Text, string Mend);

    private sealed class Report(JsonElement root)
    {
        private readonly Line[] _lines =
            [.. root.GetProperty("findings").EnumerateArray().Select(each => new Line(TextOf(each, "name"), TextOf(each, "text"), TextOf(each, "mend")))];

        public string[] NotSeen { get; } =
            [.. root.GetProperty("notSeen").EnumerateArray().Select(each => $"{TextOf(each, "what")}: {TextOf(each, "why")}")];

        public Line this[string name] => Assert.Single(_lines, line => string.Equals(line.Name, name, StringComparison.Ordinal));

        public int Count(string name) => _lines.Count(line => string.Equals(line.Name, name, StringComparison.Ordinal));

        private static string TextOf(JsonElement element, string name) => element.GetProperty(name).GetString()!;
    }
}
