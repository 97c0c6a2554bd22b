using System.Net;
using System.Net.Sockets;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests.Guides;

/// <summary>A guide with its hosts, which an internet of one router connects. The router knows the way to each address, and is the NAT of
/// those in 100.64.0.0/10: it lets nobody reach them first.</summary>
internal sealed class Guide : IDisposable
{
    // The system counts what watches files: 128 for root, all hosts together. A systemd has several, and wireguard-go one. Without one, neither starts.
    private const int MostAtOnce = 5;

    private const string Gateway = "169.254.1.1";
    private const string Provider = "203.0.113.1";

    private static readonly SemaphoreSlim Turns = new(MostAtOnce);

    private readonly Stack<IDisposable> _owned = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-guide-").FullName;
    private readonly Dictionary<string, GuideMachine> _machines = new(StringComparer.Ordinal);
    private readonly GuideText _text;
    private int _links;

    private Guide(string name)
    {
        _text = GuideText.Of(name);
        Internet = Own(new Namespace());
    }

    public Namespace Internet { get; }

    /// <summary>What the commands of the last block said.</summary>
    public string Said { get; private set; } = "";

    public GuideMachine this[string host] => _machines[host];

    /// <summary>Makes the hosts of a guide.</summary>
    public static async Task<Guide> BeginAsync(string name)
    {
        await Turns.WaitAsync(TestContext.Current.CancellationToken);
        Guide guide = new(name);
        try
        {
            await guide.BootAsync();
            return guide;
        }
        catch
        {
            guide.Dispose();
            throw;
        }
    }

    /// <summary>Does what the guide says, in its order. At each place that it marks as an event, the test does what is named so.</summary>
    public async Task PlayAsync(params (string Name, Func<Task> Happens)[] events)
    {
        Queue<(string Name, Func<Task> Happens)> awaited = new(events);
        foreach (GuideStep step in _text.Steps.Where(step => !step.IsOutput))
        {
            if (step.IsEvent)
            {
                (string name, Func<Task> happens) = awaited.Dequeue();
                Assert.Equal(step.Host, name);
                await happens();
                continue;
            }

            string text = GuideText.Fill(step.Text, (host, path) => this[host].Read(path));
            TestContext.Current.TestOutputHelper?.WriteLine($"--- line {step.Line}, on {step.Host}{(step.IsFile ? $": {step.Path}" : "")}\n{step.Text}");
            foreach (string host in step.Hosts)
            {
                if (step.IsFile)
                {
                    this[host].Write(step.Path, text);
                }
                else
                {
                    Said = await this[host].TypeAsync(text);
                }
            }
        }

        Assert.Empty(awaited);
    }

    /// <summary>Gives a host these addresses in place of those it had, and its names too.</summary>
    public void Move(string host, params string[] addresses)
    {
        GuideMachine machine = this[host];
        machine.Space.Ip("addr", "flush", "dev", "eth0", "scope", "global");
        string link = Link(machine.Host);
        Internet.Ip("route", "flush", "dev", link, "proto", "static");
        Internet.Ip("-6", "route", "flush", "dev", link, "proto", "static");
        Address(machine.Host with { Addresses = addresses }, machine.Space, link);
        _machines[host].Rename(addresses);
        WriteNames();
    }

    public void Dispose()
    {
        try
        {
            // What the relays said, should the guide fail.
            foreach (GuideMachine machine in _machines.Values)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"--- the service on {machine.Host.Name}\n{machine.ServiceLines()}");
            }

            // The last one owned ends first.
            while (_owned.TryPop(out IDisposable? thing))
            {
                thing.Dispose();
            }

            Directory.Delete(_folder, recursive: true);
        }
        finally
        {
            Turns.Release();
        }
    }

    private async Task BootAsync()
    {
        Internet.WriteSysctl("net/ipv4/ip_forward", "1");
        Internet.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
        Internet.Ip("addr", "add", $"{Provider}/32", "dev", "lo");
        Internet.Ip("addr", "add", "2001:db8::1/128", "dev", "lo", "nodad");
        Internet.Nft($$"""
            table ip provider {
                chain postrouting { type nat hook postrouting priority srcnat; ip saddr 100.64.0.0/10 snat to {{Provider}}; }
                chain forward { type filter hook forward priority 0; ip daddr 100.64.0.0/10 ct state new drop; }
            }
            """);
        await File.WriteAllTextAsync(Path.Combine(_folder, "hosts"), "");
        foreach (GuideHost host in _text.Hosts)
        {
            _links++;
            Namespace space = Own(new Namespace());
            string link = $"link{_links}";
            Command.Run("ip", "link", "add", "eth0", "netns", space.Name, "type", "veth", "peer", "name", link, "netns", Internet.Name);
            Internet.Ip("link", "set", link, "mtu", $"{host.Mtu}", "up");
            space.Ip("link", "set", "eth0", "mtu", $"{host.Mtu}", "up");
            Internet.Ip("addr", "add", $"{Gateway}/32", "dev", link);
            Internet.Ip("addr", "add", "fe80::1/64", "dev", link, "nodad");
            Address(host, space, link);
            _machines.Add(host.Name, Own(new GuideMachine(host, space, _folder, HasUnits(host))));
        }

        WriteNames();
        await Task.WhenAll(_machines.Values.Select(machine => machine.BootedAsync()));
    }

    private bool HasUnits(GuideHost host) =>
        _text.Steps.Any(step => step.Hosts.Contains(host.Name, StringComparer.Ordinal) && step.Text.Contains("systemctl", StringComparison.Ordinal));

    private string Link(GuideHost host) => $"link{_machines.Keys.ToList().IndexOf(host.Name) + 1}";

    // A host has the ways of the families of its addresses only.
    private void Address(GuideHost host, Namespace space, string link)
    {
        foreach (IPAddress address in host.Addresses.Select(IPAddress.Parse))
        {
            bool isIPv6 = address.AddressFamily == AddressFamily.InterNetworkV6;
            string bits = isIPv6 ? "128" : "32";
            string gateway = isIPv6 ? "fe80::1" : Gateway;
            space.Ip(["addr", "add", $"{address}/{bits}", "dev", "eth0", .. isIPv6 ? (string[])["nodad"] : []]);
            space.Ip("route", "replace", "default", "via", gateway, "dev", "eth0", "onlink");
            Internet.Ip("route", "replace", $"{address}/{bits}", "dev", link, "proto", "static");
        }
    }

    private void WriteNames() => File.WriteAllLines(
        Path.Combine(_folder, "hosts"),
        [
            "127.0.0.1 localhost",
            "::1 localhost",
            .. _machines.Values.Select(machine => machine.Host).SelectMany(
                host => host.Names.SelectMany(name => host.Addresses.Select(address => $"{address} {name}"))),
        ]);

    private T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Push(thing);
        return thing;
    }
}
