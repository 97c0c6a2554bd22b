using WgProxy.Accounting;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.State;
using WgProxy.Tests.Accounting;
using WgProxy.Tests.State;

namespace WgProxy.Tests.Promises;

/// <summary>What an older version of the same major one has written is read. The bytes stand in files that were written once: a later form gets
/// files of its own, and these stay.</summary>
public sealed class StatePromisesTests
{
    private static readonly byte[] Identity = [.. Enumerable.Range(1, StateLayout.IdentitySize).Select(value => (byte)value)];

    [Fact]
    public void Records_as_1_0_writes_them_are_read()
    {
        byte[] page = Kept("mappings-page", () =>
        {
            byte[] made = new byte[StateLayout.PageSize];
            StateLayout.WriteHeader(made, Identity);
            return made[..64];
        });
        byte[] cell = Kept("mappings-cell", () =>
        {
            byte[] made = new byte[StateLayout.CellSize];
            StateLayout.WriteCell(made, 3, 99, AnyMapping.Bytes(AnyMapping.Record(7)));
            return made;
        });
        Assert.Null(StateLayout.FlawOf([.. page, .. new byte[StateLayout.PageSize - page.Length]], Identity));
        Assert.Equal(CellContent.Record, StateLayout.Look(cell, 3, out long used));
        Assert.Equal(99, used);
        Assert.True(StateLayout.TryRead(cell, 3, out MappingRecord read));

        // All of it is understood: written again, it is the same.
        Assert.Equal(cell[16..], AnyMapping.Bytes(read));
    }

    [Fact]
    public void Accounts_as_1_0_writes_them_are_read()
    {
        KeyValuePair<UsageOwner, UsageFigures>[] rows = [new(Accounts.Of(1), Accounts.FiguresOf(30)), new(Accounts.Of(1, 10), Accounts.FiguresOf(1))];
        byte[] day = Kept("usage-day", () => UsageLayout.Write(Accounts.Day, rows));
        Assert.Null(UsageLayout.FlawOf(day, Accounts.Day));
        Dictionary<UsageOwner, UsageFigures> read = [];
        Assert.Equal(0, UsageLayout.Read(day, Accounts.Day, read));
        Assert.Equal(rows, read);
    }

    [Fact]
    public void Seeds_as_1_0_writes_them_are_kept()
    {
        string file = Path.Combine(Path.GetTempPath(), $"wgproxy-seeds-{Guid.NewGuid():N}");
        try
        {
            byte[] seeds = Kept("seeds", () =>
            {
                _ = SeedFile.Open(file, isExposed: false, out _);
                return File.ReadAllBytes(file);
            });
            File.WriteAllBytes(file, seeds);
            EngineSeeds first = SeedFile.Open(file, isExposed: false, out string? flaw);
            Assert.Null(flaw);
            Assert.NotNull(first);
            Assert.Equal(seeds, File.ReadAllBytes(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    // Written where there is none yet, and asked to.
    private static byte[] Kept(string name, Func<byte[]> make)
    {
        string path = Path.Combine(Repository.Root, "tests/WgProxy.Tests/Promises", $"1.0-{name}.hex");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("WGPROXY_WRITE_DOCS") is "1")
        {
            File.WriteAllLines(path, Convert.ToHexStringLower(make()).Chunk(128).Select(line => new string(line)));
        }

        return Convert.FromHexString(string.Concat(File.ReadAllLines(path)));
    }
}
