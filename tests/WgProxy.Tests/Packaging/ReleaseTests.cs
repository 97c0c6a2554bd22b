using System.Text.RegularExpressions;
using System.Xml.Linq;
using WgProxy.Core.Engine;

namespace WgProxy.Tests.Packaging;

/// <summary>What goes out with a release agrees with what is released.</summary>
public sealed class ReleaseTests
{
    private static string Notices => Path.Combine(Repository.Root, "THIRD-PARTY-NOTICES");

    [Fact]
    public void The_notices_name_each_package_of_the_lock_files_with_its_version()
    {
        Assert.Empty(ThirdPartyNotices.Unknown);
        if (Environment.GetEnvironmentVariable("WGPROXY_WRITE_DOCS") is "1" && ThirdPartyNotices.RuntimeNotices() is { } written)
        {
            File.WriteAllText(Notices, ThirdPartyNotices.Head() + written);
        }

        Assert.StartsWith(ThirdPartyNotices.Head(), File.ReadAllText(Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void The_notices_of_the_runtime_are_those_of_its_version()
    {
        string? runtime = ThirdPartyNotices.RuntimeNotices();
        Assert.SkipWhen(runtime is null, "needs the native compiler's package, which publishing the native form restores");
        Assert.EndsWith(runtime, File.ReadAllText(Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void The_sysctls_are_what_the_relay_asks_for() =>
        Assert.Equal(
            [$"-net.core.rmem_max = {ListenPlan.Buffer}", $"-net.core.wmem_max = {ListenPlan.Buffer}"],
            File.ReadLines(Path.Combine(Repository.Root, "contrib/sysctl.d/60-wgproxy.conf")).Where(line => !line.StartsWith('#')));

    [Fact]
    public void The_changes_begin_with_the_version_that_is_built()
    {
        string version = XDocument.Load(Path.Combine(Repository.Root, "Version.props")).Descendants("Version").Single().Value;
        Match newest = Regex.Match(File.ReadAllText(Path.Combine(Repository.Root, "CHANGELOG.md")), "^## (?<number>[0-9.]+), (?<when>unreleased|[0-9]{4}-[0-9]{2}-[0-9]{2})$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.Equal(version.Split('-')[0], newest.Groups["number"].Value);
        Assert.Equal(version.Contains('-', StringComparison.Ordinal), newest.Groups["when"].Value is "unreleased");
    }
}
