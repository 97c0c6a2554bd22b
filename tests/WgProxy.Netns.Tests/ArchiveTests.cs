using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using WgProxy.Netns.Tests.Packages;
using WgProxy.Tests;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests;

/// <summary>The archives of a release, made of the program under test.</summary>
[Trait("Engine", "None")]
public sealed class ArchiveTests : IDisposable
{
    private const string Built = "linux-x64";

    private static readonly string[] Files =
    [
        "wgproxy", "wgproxy.cdx.json", "README.md", "SECURITY.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE-BSD-2-Clause", "LICENSE-MIT", "THIRD-PARTY-NOTICES",
        "contrib/wgproxy.conf", "contrib/man/wgproxy.1", "contrib/man/wgproxy.conf.5", "contrib/completion/wgproxy.bash", "contrib/completion/wgproxy.fish",
        "contrib/completion/_wgproxy", "contrib/systemd/wgproxy.service", "contrib/sysusers.d/wgproxy.conf", "docs/install.md", "docs/guides/mtu.md",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-archives-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PackageFact]
    public void An_archive_is_whole_and_the_same_bytes_each_time()
    {
        string first = Make("first");
        string second = Make("second");
        Assert.Equal(Sums(first), Sums(second));
        Command.Run("sh", "-ec", "cd \"$1\" && sha256sum --check --strict SHA256SUMS", "sh", first);

        string archive = Assert.Single(Directory.GetFiles(first, "*.tar.gz"), file => !file.Contains("symbols", StringComparison.Ordinal));
        Assert.EndsWith($"-{Built}.tar.gz", archive, StringComparison.Ordinal);
        string inside = Path.Combine(_folder, "inside");
        _ = Directory.CreateDirectory(inside);
        Command.Run("tar", "--extract", "--file", archive, "--directory", inside);
        string root = Assert.Single(Directory.GetDirectories(inside));
        Assert.Equal($"{Path.GetFileName(root)}.tar.gz", Path.GetFileName(archive));
        Assert.All(Files, file => Assert.True(File.Exists(Path.Combine(root, file)), file));
        Assert.StartsWith("wgproxy ", Command.Run(Path.Combine(root, "wgproxy"), "--version"), StringComparison.Ordinal);
        Links.AssertLead(root);
        AssertMaterials(root);
    }

    // The page's command, for one system and of what is built.
    private string Make(string name)
    {
        string built = Path.Combine(_folder, "built", Built);
        _ = Directory.CreateDirectory(built);
        File.Copy(RelayProcess.Binary, Path.Combine(built, "wgproxy"), overwrite: true);
        string folder = Path.Combine(_folder, name);
        string[] words = DocumentCommands.Of("docs/install.md", nameof(ArchiveTests)).Single().Commands().Single().Split('#')[0].Trim().Split(' ');
        Command.Run("env", [$"--chdir={Repository.Root}", $"WGPROXY_BINARIES={Path.GetDirectoryName(built)}", .. words, "--out", folder, Built]);
        return folder;
    }

    private static string Sums(string folder) => File.ReadAllText(Path.Combine(folder, "SHA256SUMS"));

    // CycloneDX 1.6: what it requires, and that it tells of this program.
    private static void AssertMaterials(string root)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "wgproxy.cdx.json")));
        JsonElement bom = document.RootElement;
        Assert.Equal(("CycloneDX", "1.6", 1), (bom.GetProperty("bomFormat").GetString(), bom.GetProperty("specVersion").GetString(), bom.GetProperty("version").GetInt32()));
        Assert.Matches("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", bom.GetProperty("serialNumber").GetString());
        JsonElement program = bom.GetProperty("metadata").GetProperty("component");
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(root, "wgproxy")))),
            program.GetProperty("hashes")[0].GetProperty("content").GetString());
        JsonElement[] parts = [.. bom.GetProperty("components").EnumerateArray()];
        string[] references = [program.GetProperty("bom-ref").GetString()!, .. parts.Select(part => part.GetProperty("bom-ref").GetString()!)];
        Assert.Equal(references.Length, references.Distinct(StringComparer.Ordinal).Count());
        Assert.All(bom.GetProperty("dependencies").EnumerateArray(), dependency =>
        {
            Assert.Contains(dependency.GetProperty("ref").GetString(), references);
            Assert.All(dependency.GetProperty("dependsOn").EnumerateArray(), on => Assert.Contains(on.GetString(), references));
        });

        // The notices name the same packages.
        string notices = File.ReadAllText(Path.Combine(root, "THIRD-PARTY-NOTICES")).Split("MIT License")[0];
        Assert.Equal(
            Regex.Matches(notices, "(?m)^  [^ ].* (?<version>[0-9.]+)$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Select(line => line.Groups["version"].Value).Order(StringComparer.Ordinal),
            parts.Select(part => part.GetProperty("version").GetString()!).Order(StringComparer.Ordinal));
    }
}
