using System.Formats.Tar;
using System.Text.Json;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>The container image of the program under test, made once for all tests.</summary>
internal static class ContainerImage
{
    private static readonly Lazy<string> Built = new(Build);

    /// <summary>Why none can be made and started here; null if one can.</summary>
    public static string? Missing { get; } =
        new[] { "buildah", "podman", "runc", "openssl", "catatonit", "nsenter" }.Where(tool => !File.Exists($"/usr/bin/{tool}")).ToArray() is { Length: > 0 } missing
            ? $"needs {string.Join(", ", missing)}"
            : !File.Exists("/usr/lib/python3/dist-packages/yaml/__init__.py") ? "needs python3-yaml"
            : !DebianPackage.IsNative(RelayProcess.Binary) ? "needs the native form: WGPROXY_BINARY names it"
            : null;

    /// <summary>The image; an archive that docker and podman load.</summary>
    public static string Path => Built.Value;

    /// <summary>What it is called where it was loaded.</summary>
    public static string Name => JsonDocument.Parse(Parts()["manifest.json"]).RootElement[0].GetProperty("RepoTags")[0].GetString()!;

    /// <summary>Its settings: user, environment, health check.</summary>
    public static JsonElement Settings()
    {
        Dictionary<string, byte[]> parts = Parts();
        string name = JsonDocument.Parse(parts["manifest.json"]).RootElement[0].GetProperty("Config").GetString()!;
        return JsonDocument.Parse(parts[name]).RootElement;
    }

    /// <summary>Its files: path, owner, mode and size of each.</summary>
    public static IReadOnlyList<TarEntry> Files()
    {
        Dictionary<string, byte[]> parts = Parts();
        string layer = JsonDocument.Parse(parts["manifest.json"]).RootElement[0].GetProperty("Layers").EnumerateArray().Single().GetString()!;
        using TarReader reader = new(new MemoryStream(parts[layer]));
        List<TarEntry> entries = [];
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }

    private static Dictionary<string, byte[]> Parts()
    {
        using TarReader reader = new(File.OpenRead(Path));
        Dictionary<string, byte[]> parts = new(StringComparer.Ordinal);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } data)
            {
                byte[] bytes = new byte[data.Length];
                data.ReadExactly(bytes);
                parts[entry.Name] = bytes;
            }
        }

        return parts;
    }

    // The page's own command, with the program that is judged.
    private static string Build()
    {
        string folder = System.IO.Path.Combine(Repository.Root, "artifacts", "image-tests");
        return Command.Run("env", $"WGPROXY_BINARY={RelayProcess.Binary}", System.IO.Path.Combine(Repository.Root, "run"), "image", folder).Trim().Split('\n')[^1];
    }
}
