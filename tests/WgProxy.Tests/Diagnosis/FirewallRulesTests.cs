using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgProxy.Linux.Firewall;
using static WgProxy.Linux.Firewall.FirewallOutcome;

namespace WgProxy.Tests.Diagnosis;

/// <summary>Real rules, which nft loads into a network of the test's own, and what they do with the relay's flows.</summary>
public sealed class FirewallRulesTests
{
    private static readonly FirewallFlow FromClient = new() { IsArriving = true, IsNew = true, Family = AddressFamily.InterNetwork, DestinationPort = 51820 };

    /// <summary>The lines of an input chain, its policy, and what becomes of a client's first packet.</summary>
    public static TheoryData<string, string, Enum> Inputs => new()
    {
        { "accept", "", Passes },
        { "drop", "", Dropped },
        { "accept", "udp dport 51820 drop", Dropped },
        { "accept", "udp dport 51821 drop", Passes },
        { "accept", "udp dport 51820 reject", Dropped },
        { "accept", "udp dport { 51820, 53 } counter drop", Dropped },
        { "accept", "udp dport { 50000-52000 } drop", Dropped },
        { "accept", "udp dport { 50000-51819, 51821-52000 } drop", Passes },
        { "accept", "udp dport 50000-52000 drop", Dropped },
        { "accept", "udp dport != 51820 drop", Passes },
        { "accept", "udp dport != 53 drop", Dropped },
        { "accept", "udp dport != { 53, 51820 } drop", Passes },
        { "accept", "udp dport >= 51821 drop", Passes },
        { "accept", "th dport 51820 drop", Dropped },
        { "accept", "meta l4proto udp drop", Dropped },
        { "accept", "meta l4proto { tcp, udp } th dport 51820 drop", Dropped },
        { "accept", "tcp dport 51820 drop", Passes },
        { "accept", "ip protocol udp drop", Dropped },
        { "accept", "ip6 nexthdr udp drop", Passes },
        { "accept", "meta nfproto ipv6 drop", Passes },
        { "accept", "udp dport vmap { 51820 : drop, 53 : accept }", Dropped },
        { "drop", "udp dport vmap { 51820 : accept, 53 : drop }", Passes },
        { "drop", "udp dport 51820 accept", Passes },
        { "drop", "ct state established,related accept\nudp dport 51820 accept", Passes },
        { "drop", "ct state established,related accept", Dropped },
        { "drop", "ct state new udp dport 51820 accept", Passes },
        { "drop", "ct state vmap { established : accept, related : accept, invalid : drop }", Dropped },
        { "drop", "ct state vmap { new : accept }", Passes },
        { "drop", "ct status dnat accept", Dropped },
        { "drop", "iif lo accept", Dropped },
        { "drop", "iifname \"lo\" accept", Dropped },
        { "accept", "iifname != \"lo\" drop", Dropped },
        { "drop", "iifname \"eth0\" accept", MayBeDropped },
        { "drop", "iifname \"eth0\" udp dport 51821 accept", Dropped },
        { "accept", "ip saddr 10.0.0.0/8 drop", MayBeDropped },
        { "accept", "ip saddr 10.0.0.0/8 udp dport 51821 drop", Passes },
        { "accept", "ip saddr { 10.0.0.0/8, 192.0.2.1 } drop", MayBeDropped },
        { "accept", "limit rate over 10/second drop", MayBeDropped },
        { "accept", "udp dport 51820 limit rate over 10/second drop", MayBeDropped },
        { "accept", "udp dport 51820 accept\nlimit rate over 10/second drop", Passes },
        { "accept", "meta mark 5 drop", MayBeDropped },
        { "accept", "udp dport 51820 jump sub", Dropped },
        { "accept", "udp dport 51821 jump sub", Passes },
        { "accept", "jump back\naccept", Passes },
        { "drop", "goto back\naccept", Dropped },
        { "drop", "jump back\naccept", Passes },
        { "accept", "udp dport 51820 log prefix \"x\" meta mark set 7 counter", Passes },
    };

    [Theory]
    [MemberData(nameof(Inputs))]
    public void A_clients_first_packet_fares_as_the_rules_say(string policy, string lines, Enum outcome) => OwnNetwork.Run(() =>
    {
        FirewallRules rules = Load($$"""
            table inet filter {
                chain sub {
                    drop
                }
                chain back {
                    return
                }
                chain input {
                    type filter hook input priority 0; policy {{policy}};
                    {{lines}}
                }
            }
            """);
        FirewallAnswer? answer = rules.Judge(FromClient);
        Assert.Equal(outcome, answer?.Outcome ?? Passes);
        Assert.True(answer is null || answer == new FirewallAnswer((FirewallOutcome)outcome, "inet", "filter", "input"), $"{answer}");
    });

    [Theory]
    [InlineData("type nat hook prerouting priority dstnat; udp dport 51820 redirect to :53", Redirected, true)]
    [InlineData("type nat hook prerouting priority dstnat; udp dport 51820 dnat to 192.0.2.9", Redirected, true)]
    [InlineData("type nat hook prerouting priority dstnat; ip daddr 192.0.2.1 udp dport 51820 redirect to :53", MayBeRedirected, true)]
    [InlineData("type nat hook prerouting priority dstnat; udp dport 4500-5499 redirect to :51820", Passes, true)]
    [InlineData("type nat hook postrouting priority srcnat; masquerade", Passes, true)]
    [InlineData("type filter hook prerouting priority raw; udp dport 51820 notrack", Passes, false)]
    [InlineData("type filter hook prerouting priority raw; udp dport 51820 drop", Dropped, false)]
    [InlineData("type filter hook forward priority 0; policy drop;", Passes, false)]
    [InlineData("type filter hook output priority 0; policy drop;", Passes, false)]
    public void Other_hooks_count_where_the_packet_passes(string chain, Enum outcome, bool tracks) => OwnNetwork.Run(() =>
    {
        FirewallRules rules = Load($"table ip t {{\nchain c {{\n{chain}\n}}\n}}\n");
        Assert.Equal(outcome, rules.Judge(FromClient)?.Outcome ?? Passes);
        Assert.Null(rules.Judge(FromClient with { Family = AddressFamily.InterNetworkV6 }));
        Assert.Equal(tracks ? ("ip", "t", "c") : null, rules.Tracking);
    });

    [Fact]
    public void What_is_not_tracked_is_not_new() => OwnNetwork.Run(() => Assert.Equal(Dropped, Load("""
        table inet t {
            chain raw {
                type filter hook prerouting priority raw;
                udp dport 51820 notrack
            }
            chain input {
                type filter hook input priority 0; policy drop;
                ct state new accept
            }
        }
        """).Judge(FromClient)?.Outcome));

    [Theory]
    [InlineData("type filter hook prerouting priority raw; udp dport { 51820, 30000-49999 } notrack", true)]
    [InlineData("type filter hook prerouting priority raw; udp dport 51821 notrack", false)]
    [InlineData("type filter hook prerouting priority raw; ip saddr 192.0.2.1 udp dport 51820 notrack", false)]
    [InlineData("type filter hook prerouting priority mangle; udp dport 51820 notrack", false)]
    [InlineData("type filter hook output priority raw; udp dport 51820 notrack", false)]
    public void Notrack_counts_where_it_comes_before_the_tracking(string chain, bool isUntracked) => OwnNetwork.Run(() =>
        Assert.Equal(isUntracked, Load($"table inet t {{\nchain c {{\n{chain}\n}}\n}}\n").IsUntracked(FromClient)));

    [Fact]
    public void Answers_pass_where_what_begins_a_flow_does_not() => OwnNetwork.Run(() =>
    {
        FirewallRules rules = Load("""
            table inet t {
                chain input {
                    type filter hook input priority 0; policy drop;
                    ct state established accept
                    ip saddr 192.0.2.0/24 udp sport 51820 accept
                }
                chain output {
                    type filter hook output priority 0; policy drop;
                    ip daddr 192.0.2.7 udp dport 51820 accept
                    ip daddr 192.0.2.8 drop
                }
            }
            """);
        FirewallFlow answer = new() { IsArriving = true, IsNew = false, Family = AddressFamily.InterNetwork, Remote = IPAddress.Parse("192.0.2.7"), SourcePort = 51820 };
        FirewallFlow sent = new() { IsArriving = false, IsNew = true, Family = AddressFamily.InterNetwork, Remote = IPAddress.Parse("192.0.2.7"), DestinationPort = 51820 };
        Assert.Null(rules.Judge(answer));
        Assert.Null(rules.Judge(answer with { IsNew = true }));
        Assert.Equal(Dropped, rules.Judge(answer with { IsNew = true, Remote = IPAddress.Parse("198.51.100.7") })?.Outcome);
        Assert.Null(rules.Judge(sent));
        Assert.Equal(new FirewallAnswer(Dropped, "inet", "t", "output"), rules.Judge(sent with { Remote = IPAddress.Parse("192.0.2.8") }));
        Assert.Equal(Dropped, rules.Judge(sent with { DestinationPort = 51821 })?.Outcome);
        Assert.Equal(4, rules.Count);
    });

    [Fact]
    public void A_host_without_rules_has_none() => OwnNetwork.Run(() =>
    {
        FirewallRules? rules = FirewallRules.Read(out int error);
        Assert.Equal((0, 0), (error, rules?.Count));
        Assert.Null(rules!.Judge(FromClient));
        Assert.Null(rules.Tracking);
    });

    [Theory]
    [InlineData("", Dropped)]
    [InlineData("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", Dropped)]
    [InlineData("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT;-m conntrack --ctstate INVALID -j DROP;-p udp --dport 51820 -j ACCEPT", Passes)]
    [InlineData("-m conntrack ! --ctstate INVALID -j ACCEPT", Passes)]
    [InlineData("-p udp -m multiport --dports 53,50000:52000 -m comment --comment x -j ACCEPT", Passes)]
    [InlineData("-p udp -m multiport --dports 53,51821:52000 -j ACCEPT", Dropped)]
    [InlineData("-p udp -m multiport ! --dports 51820 -j ACCEPT", Dropped)]
    [InlineData("-p udp -m multiport --sports 53 -j ACCEPT", MayBeDropped)]
    [InlineData("-p udp --dport 51820 -j REJECT;-j ACCEPT", Dropped)]
    [InlineData("-i lo -j ACCEPT", Dropped)]
    [InlineData("-p udp -m recent --name x --set -j ACCEPT", MayBeDropped)]
    public void Rules_that_iptables_makes_are_read_too(string appended, Enum outcome) => OwnNetwork.Run(() =>
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/iptables-nft"), "needs iptables-nft (iptables)");
        Begin("/usr/sbin/iptables-nft", ["-P", "INPUT", "DROP"], "");
        foreach (string rule in appended.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            Begin("/usr/sbin/iptables-nft", ["-A", "INPUT", .. rule.Split(' ')], "");
        }

        Assert.Equal(outcome, FirewallRules.Read(out _)!.Judge(FromClient)?.Outcome ?? Passes);
    });

    private static FirewallRules Load(string rules)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nft"), "needs nft (nftables)");
        Begin("/usr/sbin/nft", ["-f", "-"], rules);
        FirewallRules? read = FirewallRules.Read(out int error);
        Assert.Equal(0, error);
        return read!;
    }

    private static void Begin(string file, string[] arguments, string input)
    {
        ProcessStartInfo start = new(file, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true };
        using Process program = Process.Start(start)!;
        program.StandardInput.Write(input);
        program.StandardInput.Close();
        string said = program.StandardError.ReadToEnd();
        program.WaitForExit();
        Assert.True(program.ExitCode == 0, said);
    }
}
