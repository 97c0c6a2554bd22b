using WgProxy.Netns.Tests.Packages;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>What is in the Debian package, and what lintian says of it.</summary>
[Trait("Engine", "None")]
public sealed class PackageTests
{
    // Below /usr/share/doc there is more: the documents.
    private static readonly string[] Files =
    [
        "/etc/wgproxy/wgproxy.conf",
        "/lib/systemd/system/wgproxy.service",
        "/lib/systemd/system/wgproxy.socket",
        "/usr/bin/wgproxy",
        "/usr/lib/sysctl.d/60-wgproxy.conf",
        "/usr/lib/sysusers.d/wgproxy.conf",
        "/usr/lib/tmpfiles.d/wgproxy.conf",
        "/usr/share/bash-completion/completions/wgproxy",
        "/usr/share/doc/wgproxy/THIRD-PARTY-NOTICES.gz",
        "/usr/share/doc/wgproxy/changelog.gz",
        "/usr/share/doc/wgproxy/copyright",
        "/usr/share/fish/vendor_completions.d/wgproxy.fish",
        "/usr/share/man/man1/wgproxy.1.gz",
        "/usr/share/man/man5/wgproxy.conf.5.gz",
        "/usr/share/zsh/vendor-completions/_wgproxy",
    ];

    [PackageFact]
    public void The_package_has_these_files()
    {
        string[] files = [.. Command.Run("dpkg-deb", "--contents", DebianPackage.Path).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith('-')).Select(line => line.Split(' ')[^1][1..])];
        string[] documents = [.. files.Where(file => file.StartsWith("/usr/share/doc/wgproxy/", StringComparison.Ordinal) && !Files.Contains(file, StringComparer.Ordinal))];
        Assert.Equal(Files.Order(StringComparer.Ordinal), files.Except(documents, StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Contains("/usr/share/doc/wgproxy/docs/install.md.gz", documents);
        Assert.Equal("/etc/wgproxy/wgproxy.conf", Command.Run("dpkg-deb", "--info", DebianPackage.Path, "conffiles").Trim());
        Assert.DoesNotContain("dotnet", Command.Run("dpkg-deb", "--field", DebianPackage.Path, "Depends"), StringComparison.Ordinal);
    }

    [PackageFact]
    public void Its_documents_lead_to_what_is_in_it()
    {
        string folder = Directory.CreateTempSubdirectory("wgproxy-documents-").FullName;
        try
        {
            Command.Run("dpkg-deb", "--extract", DebianPackage.Path, folder);
            string documents = Path.Combine(folder, "usr/share/doc/wgproxy");
            Command.Run("sh", "-ec", "find \"$1\" -name '*.md.gz' -exec gunzip {} +", "sh", documents);
            Links.AssertLead(documents);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [PackageFact]
    public void The_package_is_as_debian_wants_it() =>
        Assert.Empty(Command.Run("lintian", "--allow-root", "--fail-on", "error,warning", DebianPackage.Path));

    [PackageFact]
    public void The_unit_is_exposed_by_one_and_a_half_at_most()
    {
        string unit = Path.Combine(Repository.Root, "contrib/systemd/wgproxy.service");

        // The threshold is in tenths; above it, the exit code is not 0.
        string said = Command.Run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", unit);
        Measured.Write(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Trim());
        Assert.Throws<InvalidOperationException>(() => Command.Run("systemd-analyze", "security", "--offline=true", "--threshold=5", "--no-pager", unit));
    }
}
