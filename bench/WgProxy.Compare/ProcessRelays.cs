namespace WgProxy.Compare;

/// <summary>A relay that is a program.</summary>
internal abstract class ProcessRelay(string name) : Relay(name)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    private Child? _child;

    public override Child? Process => _child;

    protected abstract string[] Command { get; }

    protected virtual IReadOnlyDictionary<string, string> Variables { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    public override void Start(string? memoryGroup = null)
    {
        _child = new Child(Way.Space, Command, Variables, memoryGroup);
        DateTime limit = DateTime.UtcNow + StartLimit;
        while (!Account.Listens(_child.Id, Way.Port))
        {
            if (_child.HasExited || DateTime.UtcNow > limit)
            {
                throw new InvalidOperationException($"{Name} does not listen: {_child.Complaints}");
            }

            Thread.Sleep(20);
        }
    }

    public override void Stop()
    {
        _child?.Dispose();
        _child = null;
    }
}

/// <summary>wgproxy itself, in one of its forms.</summary>
internal sealed class WgProxyRelay(string name, string binary, string key, IReadOnlyDictionary<string, string> settings)
    : ProcessRelay(name)
{
    protected override string[] Command => [binary];

    protected override IReadOnlyDictionary<string, string> Variables =>
        new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["WGPROXY_SERVER"] = Way.Server,
            ["WGPROXY_PUBKEY"] = key,
            ["WGPROXY_LISTEN"] = $"0.0.0.0:{Way.Port}",
            ["WGPROXY_LOGLEVEL"] = Tells ? "2" : "1",
        };
}

/// <summary>socat: a process per client.</summary>
internal sealed class Socat() : ProcessRelay("socat")
{
    public override bool OnlyOneFlow => true;

    public override bool FillsUp => true;

    // -T: a child whose client has gone ends by itself.
    protected override string[] Command =>
        ["socat", "-T", "20", $"UDP4-LISTEN:{Way.Port},fork,reuseaddr", $"UDP4:{Way.Server}"];
}

/// <summary>nginx with its stream module: one worker, because without reuseport two would split a client between them.
/// </summary>
internal sealed class Nginx(string folder) : ProcessRelay("nginx")
{
    public override bool FillsUp => true;

    protected override string[] Command => ["nginx", "-p", folder, "-c", WriteConfiguration(), "-e", "stderr"];

    private string WriteConfiguration()
    {
        const string module = "/usr/lib/nginx/modules/ngx_stream_module.so";
        string path = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(path, $$"""
            {{(File.Exists(module) ? $"load_module {module};" : "")}}
            user root;
            daemon off;
            worker_processes 1;
            worker_rlimit_nofile 32768;
            pid {{folder}}/nginx.pid;
            events { worker_connections 32768; }
            stream {
              server {
                listen {{Way.Port}} udp rcvbuf=4m;
                proxy_pass {{Way.Server}};
                proxy_timeout 300s;
              }
            }
            """);
        return path;
    }
}
