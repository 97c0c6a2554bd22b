using System.Runtime.Versioning;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Tests;

/// <summary>Which pages of the program are given back, and that it goes on without them.</summary>
[SupportedOSPlatform("linux")]
public sealed class StartPagesTests
{
    private const string Program = "/opt/a b/wgproxy";

    [Fact]
    public void What_the_loader_or_anyone_has_written_stays()
    {
        // As Linux 6.18 lists the native form, shortened.
        string[] smaps =
        [
            $"00000000-00014000 r--p 00000000 fe:00 42    {Program}", "Rss:                  80 kB", "Anonymous:             0 kB", "VmFlags: rd mr mw me",
            $"00014000-005cf000 r-xp 00013000 fe:00 42    {Program}", "Private_Dirty:         0 kB", "Anonymous:             0 kB",
            $"005cf000-008f6000 r--p 005cd000 fe:00 42    {Program}", "Anonymous:             4 kB",
            $"00afe000-00b00000 r--p 00afb000 fe:00 42    {Program}", "Anonymous:             8 kB",
            $"00b00000-00b25000 rw-p 00afd000 fe:00 42    {Program}", "Anonymous:             0 kB",
            $"00c00000-00c25000 r--s 00000000 fe:00 42    {Program}", "Anonymous:             0 kB",
            "00d00000-00e00000 r-xp 00000000 fe:00 43    /usr/lib/libc.so.6", "Anonymous:             0 kB",
            $"00f00000-00f01000 r-xp 00000000 fe:00 44    {Program} (deleted)", "Anonymous:             0 kB",
            $"00e00000-00e14000 r--p 00000000 fe:00 42    {Program}", "Anonymous:             0 kB", "Swap:                  8 kB",
            $"00e20000-00e21000 r--p 00000000 fe:00 42    {Program}", "Anonymous:             0 kB", "Swap:                  0 kB",
            "01000000-01001000 r--p 00000000 00:00 0 ", "Anonymous:             0 kB",
        ];
        Assert.Equal(
            [((nuint)0x000000, (nuint)0x014000), ((nuint)0x014000, (nuint)0x5cf000), ((nuint)0xe20000, (nuint)0xe21000)],
            StartPages.RangesOf(smaps, Program));
    }

    [Fact]
    public void A_program_goes_on_without_them()
    {
        Assert.NotEmpty(StartPages.RangesOf(File.ReadLines("/proc/self/smaps"), Environment.ProcessPath!));
        StartPages.GiveBack();
        Assert.NotEmpty(StartPages.RangesOf(File.ReadLines("/proc/self/smaps"), Environment.ProcessPath!));
    }
}
