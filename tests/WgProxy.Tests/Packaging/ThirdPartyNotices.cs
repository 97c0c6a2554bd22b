using System.Text;
using System.Text.Json;

namespace WgProxy.Tests.Packaging;

/// <summary>THIRD-PARTY-NOTICES: what the program contains that others have written.</summary>
internal static class ThirdPartyNotices
{
    /// <summary>The line under which the runtime's own notices begin.</summary>
    public const string OfRuntime = "The notices of the .NET runtime";

    private const string Runtime = "Microsoft.DotNet.ILCompiler";

    // What builds the program and stays out of it.
    private static readonly string[] Builders = ["Meziantou.Analyzer", "Microsoft.NET.ILLink.Tasks", "Microsoft.CodeAnalysis.BannedApiAnalyzers"];

    // Whose each package is, and which of the runtime's are parts of one.
    private static readonly Dictionary<string, (string Title, string Copyright)> Owners = new(StringComparer.Ordinal)
    {
        [Runtime] = (".NET runtime and ASP.NET Core", "Copyright (c) .NET Foundation and Contributors"),
        ["RESPite"] = ("RESPite", "Copyright (c) 2025 - 2026 Marc Gravell"),
        ["Spectre.Console"] = ("Spectre.Console", "Copyright (c) Patrik Svensson, Phil Scott, Nils Andresen, Cédric Luthi"),
        ["Spectre.Console.Ansi"] = ("Spectre.Console.Ansi", "Copyright (c) Patrik Svensson, Phil Scott, Nils Andresen, Cédric Luthi"),
        ["StackExchange.Redis"] = ("StackExchange.Redis", "Copyright (c) 2014 - 2026 Stack Exchange, Inc."),
        ["System.CommandLine"] = ("System.CommandLine", "Copyright (c) .NET Foundation and Contributors"),
        ["System.IO.Hashing"] = ("System.IO.Hashing", "Copyright (c) .NET Foundation and Contributors"),
    };

    /// <summary>The packages that are in the program by its lock files, each with its version.</summary>
    public static IReadOnlyDictionary<string, string> Packages { get; } = Locked();

    /// <summary>The packages whose owner is not written down here.</summary>
    public static IEnumerable<string> Unknown => Packages.Keys.Except(Owners.Keys, StringComparer.Ordinal);

    /// <summary>What this project says itself, up to the runtime's notices.</summary>
    public static string Head()
    {
        StringBuilder text = new("wgproxy contains software of others. All of it has the licence that follows the list.\n\n");
        foreach ((string name, string version) in Packages)
        {
            _ = text.Append($"  {Owners[name].Title} {version}\n      {Owners[name].Copyright}\n");
        }

        return text.Append($"\nMIT License\n\n{Permission()}\n{OfRuntime}, which tell what it contains in turn:\n\n").ToString();
    }

    /// <summary>The runtime's notices as its package has them; null where it was not restored.</summary>
    public static string? RuntimeNotices()
    {
        string folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string file = Path.Combine(folder, "runtime.linux-x64.microsoft.dotnet.ilcompiler", Packages[Runtime], "THIRD-PARTY-NOTICES.TXT");
        return File.Exists(file) ? string.Join('\n', File.ReadAllText(file).TrimStart('\uFEFF').Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n') + "\n" : null;
    }

    // The words after the copyright, which are the same for everybody.
    private static string Permission()
    {
        string licence = File.ReadAllText(Path.Combine(Repository.Root, "LICENSE-MIT"));
        return licence[licence.IndexOf("Permission is", StringComparison.Ordinal)..];
    }

    private static SortedDictionary<string, string> Locked()
    {
        SortedDictionary<string, string> packages = new(StringComparer.Ordinal);
        foreach (string file in (string[])["packages.linux-x64.lock.json", "packages.linux-arm64.lock.json"])
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src/WgProxy", file)));
            foreach (JsonProperty package in document.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(target => target.Value.EnumerateObject()))
            {
                if (package.Value.GetProperty("type").GetString() is not "Project" && !Builders.Contains(package.Name, StringComparer.Ordinal) && !package.Name.StartsWith("runtime.", StringComparison.Ordinal))
                {
                    packages[package.Name] = package.Value.GetProperty("resolved").GetString()!;
                }
            }
        }

        return packages;
    }
}
