using System.IO.Compression;
using System.Xml.Linq;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests;

/// <summary>What an embedder gets: the packages as <c>tools/pack.sh</c> makes them, and the program in <c>samples/Relay</c>, built from them
/// alone. Real WireGuard judges it, with either engine.</summary>
[Trait("Engine", "None")]
public sealed class SampleTests
{
    private const int Port = 51820;
    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(2);
    private static readonly string[] Names = ["WgProxy.Core", "WgProxy.Linux", "WgProxy.Portable"];
    private static readonly string Root = FindRoot();

    // The page's two lines.
    private static IReadOnlyList<string> Typed => DocumentCommands.Of("docs/embedding.md", nameof(SampleTests)).Single().Commands();

    [NetnsFact]
    public async Task A_program_of_thirty_lines_relays_by_the_packages_with_either_engine()
    {
        await PackAsync();
        Assert.All(Names, AssertComplete);
        string program = await BuildAsync();
        await AssertRelaysAsync(program, "LinuxEngine");
        await AssertRelaysAsync(program, "PortableEngine", "portable");
        using Topology topology = new();
        using Child typed = topology.Relay.Start(
            "the page's line",
            "unshare",
            ["--pid", "--fork", "--kill-child", "--mount-proc", "env", $"--chdir={Root}", "bash", "-euc", Typed[1]],
            ("PUBLICKEY", WireGuardKey.New().Public), ("MSBUILDDISABLENODEREUSE", "1"), ("NUGET_PACKAGES", $"{Root}/artifacts/samples/packages"));
        await Eventually.TrueAsync(
            () => typed.Lines.Any(line => line.StartsWith("LinuxEngine relays from ", StringComparison.Ordinal)) || typed.HasExited, BuildTime, typed.Tail);
        Assert.False(typed.HasExited, typed.Tail());
    }

    // The tests were built together with what is packed.
    private static Task PackAsync() => RunAsync(
        $"{Root}/{Typed[0]}", AppContext.BaseDirectory.Contains("/release/", StringComparison.Ordinal) ? ["--no-build"] : []);

    private static async Task<string> BuildAsync()
    {
        await RunAsync("dotnet", ["build", $"{Root}/samples/Relay", "--configuration", "Release", "--no-incremental"]);
        return $"{Root}/artifacts/samples/bin/Relay/release/Relay";
    }

    private static async Task RunAsync(string file, IEnumerable<string> arguments)
    {
        using Child child = new(
            Path.GetFileName(file), file, [.. arguments, "--nologo", "--disable-build-servers"],
            ("MSBUILDDISABLENODEREUSE", "1"), ("NUGET_PACKAGES", file is "dotnet" ? $"{Root}/artifacts/samples/packages" : Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? ""));
        int code = await child.ExitAsync(BuildTime);
        Assert.True(code == 0, $"exit code {code}\n{child.Tail()}");
    }

    // What a package shows to who finds it, and what an editor shows of its members.
    private static void AssertComplete(string name)
    {
        string file = Assert.Single(Directory.GetFiles($"{Root}/artifacts/packages", $"{name}.*.nupkg"));
        string version = Path.GetFileNameWithoutExtension(file)[(name.Length + 1)..];
        using ZipArchive package = ZipFile.OpenRead(file);
        Assert.Contains(package.Entries, entry => entry.FullName is "README.md" && entry.Length > 500);
        Assert.Contains(package.Entries, entry => string.Equals(entry.FullName, $"lib/net10.0/{name}.dll", StringComparison.Ordinal));
        Assert.Contains("<summary>", Read(package, $"lib/net10.0/{name}.xml"), StringComparison.Ordinal);
        XElement about = XDocument.Parse(Read(package, $"{name}.nuspec")).Root!.Elements().Single();
        Assert.All(["description", "tags", "readme"], element => Assert.NotEmpty(about.Elements().Single(each => string.Equals(each.Name.LocalName, element, StringComparison.Ordinal)).Value));
        Assert.Equal("BSD-2-Clause OR MIT", about.Elements().Single(each => each.Name.LocalName is "license").Value);

        // The rooms fit together in one version, and nothing else comes along.
        Assert.Equal(
            name is "WgProxy.Core" ? [] : (string[])[$"WgProxy.Core [{version}]"],
            about.Descendants().Where(each => each.Name.LocalName is "dependency").Select(each => $"{(string?)each.Attribute("id")} {(string?)each.Attribute("version")}"));
    }

    private static async Task AssertRelaysAsync(string program, string engine, params string[] more)
    {
        using Topology topology = new();
        Host clientHost = topology.Add("client");
        Host serverHost = topology.Add("server");
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, clientHost, "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", Port);
        server.AddPeer(client);
        EchoResponder responder = topology.Own(new EchoResponder(server));
        IPEndPoint address = new(serverHost.Address(AddressFamily.InterNetworkV6), Port);
        Child relay = topology.Own(topology.Relay.Start(engine, program, [$"[::]:{Port}", server.Key.Public, address.ToString(), .. more]));
        await relay.LineAsync(line => line.StartsWith($"{engine} relays from ", StringComparison.Ordinal), "it relays");

        client.AddPeer(server, new IPEndPoint(clientHost.Relay(AddressFamily.InterNetwork), Port));
        using ProbeStream stream = new(client, responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived >= 10, TimeSpan.FromSeconds(10), () => $"echoes through the sample\n{relay.Tail()}");
        await relay.LineAsync(
            line => line.StartsWith($"Confirmed: {clientHost.Address(AddressFamily.InterNetwork)}:", StringComparison.Ordinal), "it says what happens");
        relay.Signal(Libc.SIGINT);
        Assert.Equal(0, await relay.ExitAsync(TimeSpan.FromSeconds(10)));
    }

    private static string Read(ZipArchive package, string name)
    {
        using StreamReader reader = new(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static string FindRoot()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists($"{folder.FullName}/WgProxy.slnx"))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
