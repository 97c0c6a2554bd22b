using System.Text.RegularExpressions;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests.Guides;

/// <summary>The unit that a reader of the guides has: the package's, or the one that docs/install.md prints, without the lines that name a server. The guides name
/// their servers in the configuration file.</summary>
internal static partial class GuideUnit
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(GuideText.Folder, "..", ".."));

    public static string Text { get; } = File.Exists(Packaged) ? File.ReadAllText(Packaged) : Server().Replace(Printed(), "");

    /// <summary>Where the service's lines go: there is no journal.</summary>
    public const string Lines = "/run/lines";

    /// <summary>What differs here, beside that: the form that is compiled while it runs needs memory that it may write and run, and calls that the package's
    /// filter refuses. The unit is for the native form.</summary>
    public static string DropIn { get; } = $"[Service]\nStandardError=append:{Lines}\n"
        + (File.Exists(Path.ChangeExtension(RelayProcess.Binary, ".dll")) ? "MemoryDenyWriteExecute=no\nSystemCallFilter=\n" : "");

    private static string Packaged => Path.Combine(Root, "contrib", "systemd", "wgproxy.service");

    private static string Printed() => Block().Match(File.ReadAllText(Path.Combine(Root, "docs", "install.md"))).Groups["unit"].Value;

    [GeneratedRegex("^```ini\n(?<unit>\\[Unit\\].*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline, 1_000)]
    private static partial Regex Block();

    [GeneratedRegex("^Environment=.*\n", RegexOptions.Multiline, 1_000)]
    private static partial Regex Server();
}
