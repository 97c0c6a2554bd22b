using WgProxy.Tests;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>The Debian package of the program under test, made once for all tests.</summary>
internal static class DebianPackage
{
    // ELF, and nothing of the runtime beside it.
    private static readonly byte[] Elf = [0x7F, (byte)'E', (byte)'L', (byte)'F'];

    private static readonly Lazy<string> Built = new(Build);

    /// <summary>Why none can be made here; null if one can.</summary>
    public static string? Missing { get; } =
        !File.Exists("/usr/bin/dh") || !File.Exists("/usr/bin/lintian") ? "needs debhelper and lintian"
        : !IsNative(RelayProcess.Binary) ? "needs the native form: WGPROXY_BINARY names it"
        : null;

    /// <summary>The package; a file.</summary>
    public static string Path => Built.Value;

    /// <summary>Its version.</summary>
    public static string Version => Command.Run("dpkg-deb", "--field", Path, "Version").Trim();

    /// <summary>Lays out its files below a folder, as they are on a system whose /lib is below /usr.</summary>
    public static void Unpack(string folder)
    {
        Command.Run("dpkg-deb", "--extract", Path, folder);
        Command.Run("sh", "-ec", "mkdir -p \"$1/var\"; cp -a \"$1/lib/.\" \"$1/usr/lib/\"; rm -r \"$1/lib\"", "sh", folder);
    }

    /// <summary>Makes another package of it: with a version, and perhaps a line more at the end of its configuration file.</summary>
    public static string Remake(string folder, string version, string line = "")
    {
        string file = System.IO.Path.Combine(folder, $"wgproxy_{version}.deb");
        Command.Run("sh", "-ec", """
            dpkg-deb --raw-extract "$1" "$2/tree"
            sed -i "s/^Version: .*/Version: $3/" "$2/tree/DEBIAN/control"
            [ -z "$4" ] || echo "$4" >>"$2/tree/etc/wgproxy/wgproxy.conf"
            (cd "$2/tree" && md5sum $(find . -type f -not -path './DEBIAN/*' -printf '%P\n') >DEBIAN/md5sums)
            dpkg-deb --build -Znone "$2/tree" "$5"
            rm -r "$2/tree"
            """, "sh", Path, folder, version, line, file);
        return file;
    }

    /// <summary>Whether a file is the native form.</summary>
    public static bool IsNative(string file)
    {
        if (!File.Exists(file) || File.Exists(System.IO.Path.ChangeExtension(file, ".dll")) || File.Exists($"{file}.dll"))
        {
            return false;
        }

        using FileStream stream = File.OpenRead(file);
        byte[] head = new byte[Elf.Length];
        return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual(Elf);
    }

    private static string Build()
    {
        string folder = System.IO.Path.Combine(Repository.Root, "artifacts", "deb-tests");
        string[] words = DocumentCommands.Of("docs/install.md", nameof(PackageTests)).Single().Commands().Single().Split('#')[0].Trim().Split(' ');
        return Command.Run("env", [$"--chdir={Repository.Root}", $"WGPROXY_BINARY={RelayProcess.Binary}", .. words, folder]).Trim().Split('\n')[^1];
    }
}
