using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>The Debian of its own on which packages are installed. What a test changes there is gone with the test.</summary>
internal static class DebianRoot
{
    private static readonly string Folder = Path.Combine(Repository.Root, "artifacts", "debian");

    /// <summary>Makes it if it is not there, which takes a minute, and returns its folder.</summary>
    public static string Make()
    {
        Command.Run(Path.Combine(Repository.Root, "tools/debian-root.sh"), Folder);
        return Path.Combine(Folder, "root");
    }
}
