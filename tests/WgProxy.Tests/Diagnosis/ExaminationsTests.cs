using System.Net;
using System.Text.Json;
using WgProxy.Diagnosis;

namespace WgProxy.Tests.Diagnosis;

/// <summary>From the facts of a host to findings.</summary>
public sealed class ExaminationsTests
{
    public static TheoryData<string> Kinds => [.. FindingKinds.All.Select(kind => kind.Name)];

    [Fact]
    public void The_documents_show_every_finding_as_doctor_says_it() =>
        Repository.AssertBlock("docs/troubleshooting.md", "findings", FindingKinds.ToMarkdown());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_kind_of_finding_is_found_on_a_host_that_has_it(string name)
    {
        FindingKind kind = FindingKinds.All.Single(each => string.Equals(each.Name, name, StringComparison.Ordinal));
        Assert.True(Hosts.Of.TryGetValue(kind, out Facts? facts), $"no host has {name}");
        HostDiagnosis diagnosis = HostDiagnosis.Of(facts);
        Finding[] found = [.. diagnosis.Findings.Where(finding => finding.Kind == kind)];
        Assert.True(found.Length > 0, DiagnosisText.Of(diagnosis));
        Assert.Equal(kind.Severity > Severity.Ok, kind.Mend.Length > 0);
        Assert.All(found, finding => Assert.DoesNotContain('{', finding.Text + finding.Mend));

        // Nothing is wrong with the host but this.
        Assert.All(
            diagnosis.Findings.Where(finding => finding.Kind.Severity > Severity.Note),
            finding => Assert.Contains(finding.Kind.Name, Together(name)));
    }

    [Fact]
    public void On_a_healthy_host_nothing_is_to_be_mended()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Of(Hosts.Healthy);
        Assert.All(diagnosis.Findings, finding => Assert.Equal((Severity.Ok, ""), (finding.Kind.Severity, finding.Mend)));
        Assert.EndsWith("\n0 problems, 0 warnings, 0 notes\n", DiagnosisText.Of(diagnosis), StringComparison.Ordinal);
        Assert.True(diagnosis.Findings.Count >= 10);
    }

    [Fact]
    public void Names_are_unique() => Assert.Distinct(FindingKinds.All.Select(kind => kind.Name));

    [Fact]
    public void The_worst_comes_first()
    {
        Facts facts = Hosts.Of[FindingKinds.PathMissing] with { Buffers = (1, 1), HasIPv4 = false };
        Severity[] order = [.. HostDiagnosis.Of(facts).Findings.Select(finding => finding.Kind.Severity)];
        Assert.Equal(order.OrderDescending(), order);
        Assert.Equal([Severity.Problem, Severity.Warning, Severity.Note, Severity.Ok], order.Distinct());
    }

    [Theory]
    [InlineData(1500, false, "path-found", null)]
    [InlineData(1499, false, "path-narrow", "MTU = 1419 in")]
    [InlineData(1360, false, "path-narrow", "MTU = 1280 in")]
    [InlineData(1359, false, "path-too-narrow", "mtu 1360 ")]
    [InlineData(1480, true, "path-found", null)]
    [InlineData(1479, true, "path-narrow", "MTU = 1419 in")]
    [InlineData(1340, true, "path-narrow", "MTU = 1280 in")]
    [InlineData(1339, true, "path-too-narrow", "mtu 1340 ")]
    [InlineData(0, true, "path-found", null)]
    public void A_path_is_as_wide_as_its_packets_with_all_that_is_around_the_data(int mtu, bool isIPv4, string name, string? mend)
    {
        Finding finding = Find(Hosts.Healthy with { Endpoints = [Hosts.Endpoint("home", Hosts.Path(mtu, isIPv4))] }, "path-");
        Assert.Equal(name, finding.Kind.Name);
        Assert.Contains(mend ?? string.Empty, finding.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("51820", "port-kept", "")]
    [InlineData("1,51800-51830", "port-kept", "")]
    [InlineData("", "port-handed-out", "ports=51820")]
    [InlineData("1,2-3\n", "port-handed-out", "ports=1,2-3,51820")]
    public void A_port_that_is_reserved_is_kept(string reserved, string name, string mend)
    {
        Finding finding = HostDiagnosis.Of(Hosts.Healthy with { Reserved = reserved }).Findings.Single(each => each.Kind.Name is "port-kept" or "port-handed-out");
        Assert.Equal(name, finding.Kind.Name);
        Assert.EndsWith(mend, finding.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void Sockets_that_systemd_keeps_for_the_relay_are_the_relays()
    {
        Facts facts = Hosts.Healthy with { Listening = Hosts.At(new PortState(4, 0, [new PortHolder("wgproxy", 412), new PortHolder("systemd", 1)], null)) };
        Assert.Equal(["relay-runs", "port-kept"], HostDiagnosis.Of(facts).Findings.Where(finding => finding.Text.Contains("port 51820", StringComparison.Ordinal)).Select(finding => finding.Kind.Name));
    }

    [Fact]
    public void Every_address_is_examined_and_ports_of_which_the_same_is_to_be_said_are_named_together()
    {
        PortState relays = new(4, 0, [new PortHolder("wgproxy", 412)], null);
        Facts facts = Hosts.Healthy with
        {
            Listening =
            [
                .. Enumerable.Range(4_500, 3).Append(443).Select(port => new ListenState(new IPEndPoint(IPAddress.Any, port), relays with { Dropped = port == 443 ? 0 : 1 })),
                new ListenState(IPEndPoint.Parse("192.0.2.9:53"), new PortState(1, 0, [new PortHolder("dnsmasq", 7)], null)),
                new ListenState(IPEndPoint.Parse("192.0.2.10:40001"), new PortState(0, 0, [], (IPAddress.Parse("192.0.2.10"), 99))),
                new ListenState(IPEndPoint.Parse("192.0.2.9:40000"), new PortState(0, 0, [], null)),
                new ListenState(IPEndPoint.Parse("192.0.2.9:0"), null),
            ],
        };
        Dictionary<string, Finding> found = HostDiagnosis.Of(facts).Findings.ToDictionary(finding => finding.Kind.Name, StringComparer.Ordinal);
        Assert.Equal("wgproxy (process 412) listens on UDP port 443, 4500-4502", found["relay-runs"].Text);
        Assert.StartsWith("UDP port 53 is held by dnsmasq (process 7)", found["port-taken"].Text, StringComparison.Ordinal);
        Assert.StartsWith("this host does not have the address 192.0.2.10", found["listen-address-missing"].Text, StringComparison.Ordinal);
        Assert.StartsWith("no program listens on UDP port 40000:", found["relay-down"].Text, StringComparison.Ordinal);
        Assert.EndsWith("ip_local_reserved_ports=51820,40000-40001", found["port-handed-out"].Mend, StringComparison.Ordinal);
        Assert.Equal("the system gives UDP port 53, 443, 4500-4502 to no program that asks for any port", found["port-kept"].Text);
        Assert.StartsWith("3 datagrams were dropped at UDP port 4500-4502", found["port-overflowed"].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_seen_is_said_and_not_judged()
    {
        Facts blind = new()
        {
            Listening = [new ListenState(new IPEndPoint(IPAddress.IPv6Any, 51820), null)],
            Timeout = TimeSpan.FromSeconds(300),
            MaxMappings = 16_384,
            Unseen = [new Unseen("rules of nftables", "run doctor as root")],
        };
        HostDiagnosis diagnosis = HostDiagnosis.Of(blind);
        Assert.Equal(["server-not-named"], diagnosis.Findings.Where(finding => finding.Kind.Severity > Severity.Ok).Select(finding => finding.Kind.Name));
        Assert.Contains("\nnot seen rules of nftables: run doctor as root\n", DiagnosisText.Of(diagnosis), StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_reads_the_same_as_a_person()
    {
        HostDiagnosis diagnosis = HostDiagnosis.Of(Hosts.Of[FindingKinds.FirewallDrops] with { Unseen = [new Unseen("x", "y")] });
        using JsonDocument json = JsonDocument.Parse(DiagnosisText.JsonOf(diagnosis));
        Assert.Equal(1, json.RootElement.GetProperty("problems").GetInt32());
        JsonElement first = json.RootElement.GetProperty("findings")[0];
        Assert.Equal("problem", first.GetProperty("severity").GetString());
        Assert.Equal("firewall-drops", first.GetProperty("name").GetString());
        Assert.Equal("nft insert rule inet filter input udp dport 51820 accept", first.GetProperty("mend").GetString());
        Assert.Equal(diagnosis.Findings.Count, json.RootElement.GetProperty("findings").GetArrayLength());
        Assert.Equal("x", json.RootElement.GetProperty("notSeen")[0].GetProperty("what").GetString());
    }

    [Fact]
    public void No_name_steers_the_terminal()
    {
        Facts facts = Hosts.Healthy with { Listening = Hosts.At(new PortState(1, 0, [new PortHolder("\u001b[2Jx\ny", 7)], null)) };
        Assert.Contains("\\u{1B}[2Jx\\u{A}y (process 7)", DiagnosisText.Of(HostDiagnosis.Of(facts)), StringComparison.Ordinal);
    }

    private static Finding Find(Facts facts, string prefix) =>
        HostDiagnosis.Of(facts).Findings.Single(finding => finding.Kind.Name.StartsWith(prefix, StringComparison.Ordinal));

    private static string[] Together(string name) => [name];
}
