using System.Diagnostics;
using WgProxy.Tests.Guides;

namespace WgProxy.Tests.Packaging;

/// <summary>What docs/release.md has a person type for the release commit, in a clone.</summary>
public sealed class ReleaseCutTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-release-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_release_commit_changes_the_version_the_day_and_what_is_shipped()
    {
        IReadOnlyList<DocumentBlock> blocks = DocumentCommands.Of("docs/release.md", nameof(ReleaseCutTests));
        await CloneAsync();
        await TypeAsync("sed -i 's:<Version>.*</Version>:<Version>1.0.0-alpha.1</Version>:' Version.props; sed -i '0,/^## /s/^## .*/## 1.0.0, unreleased/' CHANGELOG.md; git diff --quiet || git commit --quiet --all --message 'as before 1.0.0'");
        await TypeAsync(blocks[0].Script());
        Assert.Contains("<Version>1.0.0</Version>", Read("Version.props"), StringComparison.Ordinal);
        Assert.Matches("(?m)^## 1\\.0\\.0, [0-9]{4}-[0-9]{2}-[0-9]{2}$", Read("CHANGELOG.md"));
        Assert.Equal("#nullable enable\n", Read("src/WgProxy.Core/PublicAPI.Unshipped.txt"));
        string changed = await TypeAsync("git show --name-only --format= v1.0.0^{commit}");
        Assert.All(
            changed.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            file => Assert.True(file is "Version.props" or "CHANGELOG.md" || Path.GetFileName(file).StartsWith("PublicAPI.", StringComparison.Ordinal), file));

        // What is released already, and what is not clean, is refused.
        Assert.Contains("1.0.0 is not above 1.0.0", await TypeAsync("tools/cut.sh 1.0.0 2>&1 || true"), StringComparison.Ordinal);
        Assert.Contains("the checkout has changes", await TypeAsync("touch x; tools/cut.sh 1.1.0 2>&1 || true; rm x"), StringComparison.Ordinal);
        await TypeAsync(blocks[1].Script());
        Assert.Contains("<Version>1.1.0-alpha.1</Version>", Read("Version.props"), StringComparison.Ordinal);
        Assert.Contains("\n## 1.1.0, unreleased\n", Read("CHANGELOG.md"), StringComparison.Ordinal);
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder, "clone", file));

    // The tree as it stands, not as it was committed.
    private async Task CloneAsync()
    {
        await RunAsync("/", $"""
            mkdir {_folder}/clone
            cd '{Repository.Root}'
            git ls-files --cached --others --exclude-standard -z | xargs -0 sh -c 'for each; do [ ! -e "$each" ] || printf "%s\0" "$each"; done' sh | tar --create --null --files-from - | tar --extract --directory {_folder}/clone
            cd {_folder}/clone
            git init --quiet
            git add --all
            git -c user.name=test -c user.email=test@example.com commit --quiet --message "as it stands"
            """);
    }

    private Task<string> TypeAsync(string script) => RunAsync(Path.Combine(_folder, "clone"), script);

    private static async Task<string> RunAsync(string folder, string script)
    {
        ProcessStartInfo start = new("bash", ["-euo", "pipefail", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = folder };
        foreach (string who in (string[])["AUTHOR", "COMMITTER"])
        {
            start.Environment[$"GIT_{who}_NAME"] = "test";
            start.Environment[$"GIT_{who}_EMAIL"] = "test@example.com";
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        string said = await output;
        Assert.True(process.ExitCode == 0, $"{script}\n{said}\n{errors}");
        return said;
    }
}
