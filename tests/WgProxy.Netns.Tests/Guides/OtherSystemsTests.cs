using System.Buffers.Binary;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/other-systems.md: the commands are typed in a copy of the checkout. Nothing here can run what they make for macOS.</summary>
[Trait("Engine", "None")]
public sealed class OtherSystemsTests
{
    private readonly GuideText _guide = GuideText.Of("other-systems");

    [LongFact]
    public async Task The_relay_is_built_for_Windows_and_macOS()
    {
        string copy = Directory.CreateTempSubdirectory("wgproxy-build-").FullName;
        string root = Path.GetFullPath(Path.Combine(GuideText.Folder, "..", ".."));
        try
        {
            Command.Run("sh", "-c", $"cd '{root}' && git ls-files -z | xargs -0 cp --parents --target-directory='{copy}'");
            foreach (GuideStep step in _guide.Steps)
            {
                // The analyzers judge the same sources in the build of ./test.
                using Child shell = new("build", "bash", ["-euc", $"cd '{copy}'\n{step.Text}"], ("RunAnalyzers", "false"), ("MSBUILDDISABLENODEREUSE", "1"));
                Assert.True(await shell.ExitAsync(TimeSpan.FromMinutes(8)) == 0, shell.Tail());
            }

            byte[] windows = await File.ReadAllBytesAsync(Path.Combine(copy, "out/windows/wgproxy.exe"), TestContext.Current.CancellationToken);
            Assert.Equal("MZ"u8, windows.AsSpan(0, 2));
            byte[] mac = await File.ReadAllBytesAsync(Path.Combine(copy, "out/macos/wgproxy"), TestContext.Current.CancellationToken);
            Assert.Equal(0xFEEDFACFu, BinaryPrimitives.ReadUInt32LittleEndian(mac));

            // The program itself is not for one system, only the file that starts it.
            Assert.StartsWith("wgproxy ", Command.Run("dotnet", Path.Combine(copy, "out/windows/wgproxy.dll"), "--version"), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
