using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using WgProxy.Netns.Tests.Packages;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>The container image, and the files by which it is started. podman and runc start it here, with what compose.yaml and the manifests for
/// Kubernetes say; docs/container.md names what that does not show.</summary>
[Trait("Engine", "None")]
public sealed class ContainerTests
{
    // As a registry keeps it and a host pulls it; and as it lies unpacked.
    private const long MostPulled = 25_000_000;
    private const long MostUnpacked = 28_000_000;
    private const int User = 65532;

    [ContainerFact]
    public void The_image_is_small_and_has_what_the_relay_loads_and_nothing_to_start_but_it()
    {
        IReadOnlyList<TarEntry> files = ContainerImage.Files();
        long bytes = files.Sum(file => file.Length);
        long unpacked = new FileInfo(ContainerImage.Path).Length;
        long pulled = Compressed(ContainerImage.Path);
        Measured.Write($"the image has {bytes / 1e6:0.0} MB in files, its archive {unpacked / 1e6:0.0} MB, and {pulled / 1e6:0.0} MB compressed");
        Assert.InRange(pulled, 1, MostPulled);
        Assert.InRange(unpacked, bytes, MostUnpacked);

        string[] startable =
        [
            .. files.Where(file => file.EntryType == TarEntryType.RegularFile && file.Mode.HasFlag(UnixFileMode.OtherExecute)).Select(file => file.Name).Order(StringComparer.Ordinal),
        ];
        Assert.Equal("usr/bin/wgproxy", startable[0]);
        Assert.Matches("^usr/lib/.*/ld-linux-.*$", Assert.Single(startable[1..]));
        Assert.DoesNotContain(files, file => (file.Mode & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) != UnixFileMode.None);
        Assert.Equal(
            [("var/lib/wgproxy/", (UnixFileMode)0x1C0)],
            files.Where(file => (file.Uid, file.Gid) == (User, User)).Select(file => (file.Name, file.Mode)).OrderBy(file => file.Name, StringComparer.Ordinal));
        Assert.All(files.Where(file => file.Uid != User), file => Assert.Equal((0, 0), (file.Uid, file.Gid)));
        Assert.Contains(files, file => file.Name is "usr/share/doc/wgproxy/THIRD-PARTY-NOTICES");
        Assert.Contains(files, file => file.Name is "usr/share/doc/libc6/copyright");

        JsonElement settings = ContainerImage.Settings().GetProperty("config");
        Assert.Equal($"{User}:{User}", settings.GetProperty("User").GetString());
        Assert.Equal(["/usr/bin/wgproxy"], Texts(settings.GetProperty("Entrypoint")));
        Assert.Equal(["CMD", "/usr/bin/wgproxy", "health"], Texts(settings.GetProperty("Healthcheck").GetProperty("Test")));
    }

    [ContainerFact]
    public async Task By_the_manifest_for_Kubernetes_a_tunnel_passes_and_outlives_its_container()
    {
        Assert.SkipWhen(ContainerHost.Missing is not null, ContainerHost.Missing ?? "");
        using Topology topology = new();
        (Host client, WireGuardInterface from, WireGuardInterface server, string endpoint, EchoResponder responder) = await EndsAsync(topology);
        using ContainerHost host = new(topology.Relay);
        string manifest = Path.Combine(host.Folder, "relay.yaml");
        await File.WriteAllTextAsync(
            manifest,
            (await File.ReadAllTextAsync(Manifest("kubernetes/host-network.yaml"), TestContext.Current.CancellationToken))
                .Replace("home.example.com:51820", endpoint, StringComparison.Ordinal)
                .Replace("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", server.Key.Public, StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        host.Podman("play", "kube", "--no-hosts", manifest);
        const string container = "wgproxy-pod-0-wgproxy";
        JsonElement kept = ContainerOf(ContainerHost.Yaml(manifest).Single(IsDeployment));
        await IsHealthyAsync(host, container, [Texts(kept.GetProperty("readinessProbe").GetProperty("exec").GetProperty("command")), Texts(kept.GetProperty("livenessProbe").GetProperty("exec").GetProperty("command"))]);
        IsRestricted(host, container);

        from.AddPeer(server, new IPEndPoint(client.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        ProbeStream stream = topology.Own(new ProbeStream(from, responder, perSecond: 10));
        await Eventually.TrueAsync(() => stream.Arrived > 5, TimeSpan.FromSeconds(30), () => $"first echoes\n{host.Logs(container)}");

        // The client's own address, and not one of a bridge.
        Assert.Contains($"{client.Address(AddressFamily.InterNetwork)}:", host.Podman("exec", container, "/usr/bin/wgproxy", "show", "sessions"), StringComparison.Ordinal);

        // A new container goes on by what the volume keeps.
        host.Podman("restart", "--time", "5", container);
        int arrived = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived > arrived + 10, TimeSpan.FromSeconds(30), () => $"further echoes\n{host.Logs(container)}");
        Assert.Contains("1 of 1 mappings go on from /var/lib/wgproxy/state", host.Logs(container), StringComparison.Ordinal);
    }

    [ContainerFact]
    public async Task By_the_compose_file_a_tunnel_passes()
    {
        Assert.SkipWhen(ContainerHost.Missing is not null, ContainerHost.Missing ?? "");
        using Topology topology = new();
        (Host client, WireGuardInterface from, WireGuardInterface server, string endpoint, EchoResponder responder) = await EndsAsync(topology);
        using ContainerHost host = new(topology.Relay);
        JsonElement service = ContainerHost.Yaml(Manifest("compose.yaml")).Single().GetProperty("services").GetProperty("wgproxy");
        JsonElement health = service.GetProperty("healthcheck");
        host.Podman(
            [
                "run", "--detach", "--name=relay", $"--network={service.GetProperty("network_mode").GetString()}", $"--user={service.GetProperty("user").GetString()}",
                $"--read-only={service.GetProperty("read_only").GetBoolean()}".ToLowerInvariant(),
                .. Texts(service.GetProperty("cap_drop")).Select(each => $"--cap-drop={each}"),
                .. Texts(service.GetProperty("security_opt")).Select(each => $"--security-opt={each}"),
                .. Texts(service.GetProperty("volumes")).Select(each => $"--volume={each}"),
                .. service.GetProperty("environment").EnumerateObject().Select(each => $"--env={each.Name}={Filled(each.Value.GetString()!, endpoint, server.Key.Public)}"),

                // The health check is the image's, which compose repeats. podman has no other way to start it without a shell.
                "--health-interval=disable",
                service.GetProperty("image").GetString()!,
            ]);
        await IsHealthyAsync(host, "relay", [Texts(health.GetProperty("test"))[1..]]);
        Assert.Equal(Texts(ContainerImage.Settings().GetProperty("config").GetProperty("Healthcheck").GetProperty("Test")), Texts(health.GetProperty("test")));
        host.Podman("healthcheck", "run", "relay");
        IsRestricted(host, "relay");
        from.AddPeer(server, new IPEndPoint(client.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        ProbeStream stream = topology.Own(new ProbeStream(from, responder, perSecond: 10));
        await Eventually.TrueAsync(() => stream.Arrived > 5, TimeSpan.FromSeconds(30), () => $"first echoes\n{host.Logs("relay")}");

    }

    [ContainerFact]
    public void Its_libraries_and_authorities_make_a_connection_by_TLS()
    {
        Assert.SkipWhen(ContainerHost.Missing is not null, ContainerHost.Missing ?? "");
        using Topology topology = new();
        using ContainerHost host = new(topology.Relay);
        string folder = host.Folder;
        Command.Run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=store", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", $"{folder}/key.pem", "-out", $"{folder}/own.pem");
        using Child store = topology.Relay.Start("store", "openssl", ["s_server", "-accept", "127.0.0.1:4433", "-key", $"{folder}/key.pem", "-cert", $"{folder}/own.pem", "-www"]);
        string image = ContainerImage.Name;
        string[] tool = ["run", "--rm", "--network=host", "--read-only", "--cap-drop=all", "--no-healthcheck", "--entrypoint=/usr/bin/openssl", "--volume=/usr/bin/openssl:/usr/bin/openssl:ro"];
        string[] connect = ["s_client", "-connect", "127.0.0.1:4433", "-verify_return_error", "-verify_ip", "127.0.0.1", "-brief"];

        // The program is the machine's, and OpenSSL and the authorities are the image's.
        Assert.Contains(": OK", host.Podman([.. tool, image, "verify", "-x509_strict", "/etc/ssl/certs/ca-certificates.crt"]), StringComparison.Ordinal);
        Assert.Contains("verif", Assert.Throws<InvalidOperationException>(() => host.Podman([.. tool, image, .. connect])).Message, StringComparison.OrdinalIgnoreCase);
        host.Podman([.. tool, $"--volume={folder}/own.pem:/etc/ssl/certs/ca-certificates.crt:ro", image, .. connect]);
    }

    [ContainerFact]
    public void The_manifests_ask_for_what_a_relay_needs()
    {
        string help = Command.Run(RelayProcess.Binary, "--help");
        Assert.All(
            ContainerHost.Yaml(Manifest("compose.yaml")).Single().GetProperty("services").GetProperty("wgproxy").GetProperty("environment").EnumerateObject(),
            variable => Assert.Contains(variable.Name, help, StringComparison.Ordinal));
        Assert.All(
            Texts(ContainerImage.Settings().GetProperty("config").GetProperty("Env")).Where(text => text.StartsWith("WGPROXY_", StringComparison.Ordinal)),
            text => Assert.Contains(text.Split('=')[0], help, StringComparison.Ordinal));

        JsonElement[] ofHost = ContainerHost.Yaml(Manifest("kubernetes/host-network.yaml"));
        JsonElement[] ofService = ContainerHost.Yaml(Manifest("kubernetes/service.yaml"));
        Assert.True(PodOf(ofHost.Single(IsDeployment)).GetProperty("hostNetwork").GetBoolean());
        Assert.All([ofHost, ofService], documents =>
        {
            JsonElement deployment = documents.Single(IsDeployment);
            JsonElement pod = PodOf(deployment);
            JsonElement relay = ContainerOf(deployment);
            Assert.Equal(1, deployment.GetProperty("spec").GetProperty("replicas").GetInt32());
            Assert.Equal("Recreate", deployment.GetProperty("spec").GetProperty("strategy").GetProperty("type").GetString());
            Assert.True(pod.GetProperty("securityContext").GetProperty("runAsNonRoot").GetBoolean());
            Assert.Equal(User, pod.GetProperty("securityContext").GetProperty("runAsUser").GetInt32());
            Assert.Equal("RuntimeDefault", pod.GetProperty("securityContext").GetProperty("seccompProfile").GetProperty("type").GetString());
            Assert.True(relay.GetProperty("securityContext").GetProperty("readOnlyRootFilesystem").GetBoolean());
            Assert.False(relay.GetProperty("securityContext").GetProperty("allowPrivilegeEscalation").GetBoolean());
            Assert.Equal(["ALL"], Texts(relay.GetProperty("securityContext").GetProperty("capabilities").GetProperty("drop")));
            Assert.Equal(
                relay.GetProperty("volumeMounts").EnumerateArray().Select(each => each.GetProperty("name").GetString()).Order(StringComparer.Ordinal),
                pod.GetProperty("volumes").EnumerateArray().Select(each => each.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
        });

        // No other sysctls of the network are safe for a cluster, and net.core.rmem_max belongs to the node.
        Assert.Equal(
            ["net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"],
            PodOf(ofService.Single(IsDeployment)).GetProperty("securityContext").GetProperty("sysctls").EnumerateArray().Select(each => each.GetProperty("name").GetString()));
        JsonElement service = ofService.Single(each => each.GetProperty("kind").GetString() is "Service").GetProperty("spec");
        Assert.Equal("Local", service.GetProperty("externalTrafficPolicy").GetString());
        JsonElement port = Assert.Single(service.GetProperty("ports").EnumerateArray());
        Assert.Equal(("UDP", 51820), (port.GetProperty("protocol").GetString(), port.GetProperty("port").GetInt32()));
        Assert.Equal(port.GetProperty("targetPort").GetString(), Assert.Single(ContainerOf(ofService.Single(IsDeployment)).GetProperty("ports").EnumerateArray()).GetProperty("name").GetString());
    }

    private static async Task<(Host Client, WireGuardInterface From, WireGuardInterface Server, string Endpoint, EchoResponder Responder)> EndsAsync(Topology topology)
    {
        Host client = topology.Add("client");
        Host serverHost = topology.Add("server");
        WireGuardInterface from = await WireGuardInterface.StartAsync(topology, client, "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", Tunnel.Port);
        server.AddPeer(from);
        EchoResponder responder = topology.Own(new EchoResponder(server));
        return (client, from, server, $"[{serverHost.Address(AddressFamily.InterNetworkV6)}]:{Tunnel.Port}", responder);
    }

    private static async Task IsHealthyAsync(ContainerHost host, string container, string[][] probes)
    {
        foreach (string[] probe in probes)
        {
            await Eventually.TrueAsync(() => IsWell(probe), TimeSpan.FromSeconds(20), () => $"{string.Join(' ', probe)}\n{host.Logs(container)}");
        }

        bool IsWell(string[] probe)
        {
            try
            {
                host.Podman(["exec", container, .. probe]);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }

    private static void IsRestricted(ContainerHost host, string container)
    {
        string[] status = host.Status(container);
        Assert.Contains($"Uid:\t{User}\t{User}\t{User}\t{User}", status);
        Assert.Contains("CapBnd:\t0000000000000000", status);
        Assert.Contains("CapPrm:\t0000000000000000", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.Contains("Seccomp:\t2", status);
        Assert.Equal("true", host.Podman("inspect", "--format", "{{.HostConfig.ReadonlyRootfs}}", container).Trim());
    }

    // As compose fills it: ${NAME:-default}.
    private static string Filled(string text, string endpoint, string key) => text switch
    {
        "${WGPROXY_SERVER:-}" => endpoint,
        "${WGPROXY_PUBKEY:-}" => key,
        _ => text[(text.IndexOf(":-", StringComparison.Ordinal) + 2)..].TrimEnd('}'),
    };

    // What a layer takes as registries have it.
    private static long Compressed(string archive)
    {
        using FileStream read = File.OpenRead(archive);
        using MemoryStream written = new();
        using (GZipStream gzip = new(written, CompressionLevel.Optimal, leaveOpen: true))
        {
            read.CopyTo(gzip);
        }

        return written.Length;
    }

    private static string Manifest(string name) => Path.Combine(Repository.Root, "contrib", name);

    private static bool IsDeployment(JsonElement document) => document.GetProperty("kind").GetString() is "Deployment";

    private static JsonElement PodOf(JsonElement deployment) => deployment.GetProperty("spec").GetProperty("template").GetProperty("spec");

    private static JsonElement ContainerOf(JsonElement deployment) => PodOf(deployment).GetProperty("containers").EnumerateArray().Single();

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(each => each.GetString()!)];
}
