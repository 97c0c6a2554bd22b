namespace WgProxy.Tests.Packaging;

/// <summary>Files of the tree that are made from the program's tables of options, keys and commands.</summary>
internal static class GeneratedFiles
{
    /// <summary>Each file, and what makes its text.</summary>
    public static IReadOnlyDictionary<string, Func<string>> All { get; } = new Dictionary<string, Func<string>>(StringComparer.Ordinal)
    {
        ["contrib/man/wgproxy.1"] = ProgramPage.Build,
        ["contrib/man/wgproxy.conf.5"] = FilePage.Build,
        ["contrib/completion/wgproxy.bash"] = BashCompletion.Build,
        ["contrib/completion/_wgproxy"] = ZshCompletion.Build,
        ["contrib/completion/wgproxy.fish"] = FishCompletion.Build,
        ["contrib/wgproxy.conf"] = SampleFile.Build,
    };

    /// <summary>Where a file is.</summary>
    public static string PathOf(string name) => Path.Combine(Repository.Root, name);
}
