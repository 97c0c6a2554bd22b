using System.Globalization;
using System.Text.RegularExpressions;
using WgProxy.Showing;
using WgProxy.Status;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Pairs;

/// <summary>One of two hosts that share an address: its relay, its keepalived by the file in contrib, and for the control the kernel's NAT and its conntrackd.</summary>
internal sealed partial class PairHost
{
    /// <summary>What it needs beside what every namespace test does.</summary>
    public static readonly string[] Programs = ["keepalived", "conntrackd", "redis-server"];

    private readonly Topology _topology;
    private readonly PairStage _stage;
    private readonly string _folder;
    private readonly int _other;
    private Child? _relay;
    private Child? _conntrackd;
    private Child? _keepalived;
    private int _formerly;
    private (int Restored, int Known, int Milliseconds)[] _takeovers = [];

    public PairHost(Topology topology, Host host, PairStage stage, string folder, int other)
    {
        (_topology, Host, _stage, _other) = (topology, host, stage, other);
        _folder = Directory.CreateDirectory(Path.Combine(folder, host.Role)).FullName;
        Translate();
        WriteFiles();
    }

    public Host Host { get; }

    public string Name => Host.Role;

    public string Other => string.Equals(Name, "first", StringComparison.Ordinal) ? "second" : "first";

    public string[] RelayLines => _relay?.Lines ?? [];

    /// <summary>How often its keepalived has become master.</summary>
    public int TimesMaster => _formerly + (_keepalived?.Lines.Count(line => line.Contains("Entering MASTER STATE", StringComparison.Ordinal)) ?? 0);

    /// <summary>Whether it has the address.</summary>
    public bool HasAddress => Command.Run("ip", "-n", Host.Space.Name, "-o", "addr").Contains($" {PairStage.Shared}/", StringComparison.Ordinal);

    /// <summary>Starts the relay, and awaits that it stands by.</summary>
    public async Task StartRelayAsync()
    {

        _takeovers = Takeovers();
        _relay = _topology.Own(Host.Space.Start($"wgproxy {Name}", RelayProcess.Binary, ["--config", File("wgproxy.conf")], ("WGPROXY_CONTROL", File("control.sock"))));
        await Eventually.TrueAsync(
            () => RelayLines.Any(line => line.Contains($"stands by for \"{Other}\"", StringComparison.Ordinal)), TimeSpan.FromSeconds(60), () => $"{Name} stands by\n{_relay.Tail()}");
    }

    /// <summary>Starts what gives the address to one of the hosts.</summary>
    public void StartKeepalived()
    {
        _formerly = TimesMaster;
        _conntrackd ??= _topology.Own(Host.Space.Start($"conntrackd {Name}", "conntrackd", ["-C", File("conntrackd.conf")]));
        _keepalived = _topology.Own(Host.Space.Start(
            $"keepalived {Name}",
            "keepalived",
            ["--dont-fork", "--log-console", "--log-detail", "--vrrp", "--use-file", File("keepalived.conf"), "--pid", File("keepalived.pid"), "--vrrp_pid", File("vrrp.pid")]));
    }

    /// <summary>The power fails. What the control knows survives, which is to its advantage.</summary>
    public async Task CrashAsync()
    {
        _stage.Cut(this, true);
        foreach (Child? each in (Child?[])[_keepalived, _relay])
        {
            each!.Signal(Libc.SIGKILL);
            await each.ExitAsync(TimeSpan.FromSeconds(10));
        }

        Host.Space.Ip("addr", "flush", "dev", Host.Link, "to", $"{PairStage.Shared}/32");
    }

    /// <summary>Orders the relay something; what it says, also if it refuses.</summary>
    public string Order(params string[] words)
    {
        try
        {
            return Command.Run("ip", ["netns", "exec", Host.Space.Name, RelayProcess.Binary, .. words, "--control", File("control.sock")]);
        }
        catch (InvalidOperationException refusal)
        {
            return refusal.Message;
        }
    }

    /// <summary>What the relay said of each takeover: how many mappings, of how many, after how many milliseconds.</summary>
    public (int Restored, int Known, int Milliseconds)[] Takeovers() =>
    [
        .. _takeovers,
        .. RelayLines.Select(line => TakeoverLine().Match(line)).Where(match => match.Success)
            .Select(match => (Number(match, 1), Number(match, 2), Number(match, 3))),
    ];

    /// <summary>How many mappings the relay could take over, and how many of their ports are bound.</summary>
    public async Task<(int Mappings, int Ports)> StandsAsync()
    {
        RelaySocket socket = new(File("control.sock"), "test");
        PairReport report = (await socket.ReadAsync("/v1/fleet", StatusJson.Default.FleetReport, CancellationToken.None)).Pair;
        return (report.Mappings, report.Ports);
    }

    public string Tail() => $"{_relay?.Tail()}\n{_keepalived?.Tail()}";

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private string File(string name) => Path.Combine(_folder, name);

    private void WriteFiles()
    {
        System.IO.File.WriteAllText(File("wgproxy.conf"), $"""
            [Relay]
            Listen = {PairStage.Shared}:{PairStage.RelayPort}
            UpstreamAddress = {PairStage.Shared}

            [Fleet]
            Store = redis://{PairStage.Address(20)}:6379
            Key = {_stage.KeyFile}
            Name = {Name}
            Standby = {Other}
            SharedAddress = {PairStage.Shared}

            [Server]
            Endpoint = {PairStage.Address(9)}:{PairStage.RelayPort}
            PublicKey = {_stage.Server.Key.Public}
            """);
        System.IO.File.WriteAllText(File("conntrackd.conf"), $$"""
            Sync {
                Mode FTFW {
                }
                UDP {
                    IPv4_address {{PairStage.Address(Host.Index)}}
                    IPv4_Destination_Address {{PairStage.Address(_other)}}
                    Port 3780
                    Interface {{Host.Link}}
                }
            }
            General {
                HashSize 32768
                HashLimit 131072
                LockFile {{File("conntrackd.lock")}}
                UNIX {
                    Path {{File("conntrackd.sock")}}
                }
                NetlinkBufferSize 2097152
                NetlinkBufferSizeMaxGrowth 8388608
                Filter From Userspace {
                    Protocol Accept {
                        UDP
                    }
                }
            }
            """);

        // conntrackd's own example, and the order of contrib's file.
        string conntrackd = $"conntrackd -C {File("conntrackd.conf")}";
        Script("master", $"{conntrackd} -c; {conntrackd} -f; {conntrackd} -R; {conntrackd} -B; {RelayProcess.Binary} takeover {Other} --control {File("control.sock")}");
        Script("backup", $"{conntrackd} -t; {conntrackd} -n");
        string keepalived = System.IO.File.ReadAllText(Path.Combine(Repository.Root, "contrib", "keepalived", "keepalived.conf"))
            .Replace("interface eth0", $"interface {Host.Link}", StringComparison.Ordinal)
            .Replace("192.0.2.10/24", $"{PairStage.Shared}/24", StringComparison.Ordinal)
            // The framework form takes a second to start, and more beside others: the check is that there is a relay at all.
            .Replace("\"/usr/bin/wgproxy show\"", $"\"/usr/bin/test -S {File("control.sock")}\"", StringComparison.Ordinal)
            .Replace("priority 150", string.Equals(Name, "first", StringComparison.Ordinal) ? "priority 150" : "priority 100", StringComparison.Ordinal)
            .Replace("router_id first", $"router_id {Name}", StringComparison.Ordinal)
            .Replace("\"/usr/bin/wgproxy takeover second\"", $"\"{File("master")}\"\n    notify_backup \"{File("backup")}\"\n    notify_fault \"{File("backup")}\"", StringComparison.Ordinal);
        System.IO.File.WriteAllText(File("keepalived.conf"), keepalived);
    }

    private void Script(string name, string commands)
    {
        System.IO.File.WriteAllText(File(name), $"#!/bin/sh\n{commands}\n");
        System.IO.File.SetUnixFileMode(File(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // The control: everything to this port goes to the server, from the shared address.
    private void Translate()
    {
        Host.Space.WriteSysctl("net/ipv4/ip_forward", "1");
        Host.Space.Nft($$"""
            table ip control {
                chain coming {
                    type nat hook prerouting priority dstnat
                    ip daddr {{PairStage.Shared}} udp dport {{PairStage.NatPort}} meta mark set 1 dnat to {{PairStage.Address(9)}}:{{PairStage.RelayPort}}
                }
                chain leaving {
                    type nat hook postrouting priority srcnat
                    meta mark 1 snat to {{PairStage.Shared}}
                }
            }
            """);
    }

    [GeneratedRegex(@"(\d+) of (\d+) mappings go on from .*, after (\d+) ms")]
    private static partial Regex TakeoverLine();
}
