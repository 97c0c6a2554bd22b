using System.Security.Cryptography;

namespace WgProxy.Compare;

/// <summary>Which relays take part: those that are asked for and that this machine has.</summary>
internal sealed class Lineup(Rig rig, string relayBinary, string folder)
{
    private const string Engine = "WGPROXY_ENGINE";

    /// <summary>The key of the server that the sink stands in for. Any 32 bytes do.</summary>
    public string Key { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>Every relay on a path of its own.</summary>
    public List<Relay> Build()
    {
        bool engines = Shell.Run([relayBinary, "--help"]).Contains(Engine, StringComparison.Ordinal);
        List<Relay> relays = [];
        Add(relays, "direct", true, way => new DirectPath(rig) { Way = way });
        Add(relays, "nat", Shell.Has("nft"), way => new KernelNat { Way = way });
        Add(relays, "nginx", Shell.Has("nginx"), way => new Nginx(folder) { Way = way });
        Add(relays, "socat", Shell.Has("socat"), way => new Socat { Way = way });
        Add(relays, "portable", true, way => Ours("portable", way, engines ? [(Engine, "portable")] : []));
        Add(relays, "linux", engines, way => Ours("linux", way, [(Engine, "linux")]));
        foreach (string variant in rig.Options.Variants)
        {
            string[] parts = variant.Split(':', 2);
            (string, string)[] settings = [.. (parts.Length > 1 ? parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries) : [])
                .Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair.Length > 1 ? pair[1] : ""))];
            relays.Add(Ours(parts[0], rig.Add(parts[0]), settings));
        }

        return relays;
    }

    private void Add(List<Relay> relays, string name, bool available, Func<Way, Relay> make)
    {
        IReadOnlyList<string> wanted = rig.Options.Relays;
        if (wanted.Count > 0 && !wanted.Contains(name, StringComparer.Ordinal))
        {
            return;
        }

        if (available)
        {
            relays.Add(make(rig.Add(name)));
        }
        else
        {
            Console.WriteLine($"{name} is left out: this machine or this build does not have it");
        }
    }

    private WgProxyRelay Ours(string name, Way way, (string Name, string Value)[] settings)
    {
        Dictionary<string, string> variables = settings.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        string binary = variables.Remove("BINARY", out string? other) ? other : relayBinary;
        if (other is not null && !File.Exists(other))
        {
            throw new InvalidOperationException($"--variant {name}: there is no file {other}");
        }

        return new WgProxyRelay(name, binary, Key, variables) { Way = way };
    }
}
