using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>What a relay keeps, and what becomes of it if the directory is not as it was.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class RelayStateTests : IDisposable
{
    private static readonly EngineSettings Settings = new() { Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Routes = [], Seeds = new() };

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"wgproxy-state-{Guid.NewGuid():N}");
    private readonly HeardLog _heard = new();

    private string Mappings => Path.Combine(_directory, "mappings");

    private string SeedsFile => Path.Combine(_directory, "seeds");

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    [Fact]
    public async Task What_was_left_comes_back_and_what_was_used_last_comes_first()
    {
        await KeepAsync([AnyMapping.Record(2), AnyMapping.Record(3), AnyMapping.Record(1)]);
        await AssertNumbersAsync([1, 2, 3]);
        Assert.Empty(Warnings);
    }

    [Fact]
    public async Task The_last_record_of_a_mapping_counts_and_none_after_its_end()
    {
        MappingRecord changed = AnyMapping.Record(1) with { ValidAgo = 5 };
        await KeepAsync([AnyMapping.Record(1), AnyMapping.Record(2), changed, AnyMapping.End(2)]);
        MappingRecord only = Assert.Single(await RestoredAsync());
        Assert.Equal((1, 5), (only.UplinkBytes, only.ValidAgo));

        // What ended leaves nothing in the file.
        Assert.Equal(-1, File.ReadAllBytes(Mappings).AsSpan().IndexOf(BitConverter.GetBytes(0x5000_0002u)));
    }

    [Fact]
    public async Task A_record_goes_where_its_mappings_former_one_was()
    {
        await KeepAsync([.. Enumerable.Range(1, 20).Select(number => AnyMapping.Record(number))]);
        long length = new FileInfo(Mappings).Length;
        for (int i = 0; i < 3; i++)
        {
            await KeepAsync([.. Enumerable.Range(1, 20).Select(number => AnyMapping.Record(number))]);
            Assert.Equal(length, new FileInfo(Mappings).Length);
        }

        Assert.Equal(20, (await RestoredAsync()).Count);
    }

    [Fact]
    public async Task The_two_seeds_that_may_be_kept_are_and_no_other()
    {
        EngineSettings first = await KeepAsync([]);
        EngineSettings second = await KeepAsync([]);
        Assert.Equal((first.Seeds.Steering, first.Seeds.Cookie), (second.Seeds.Steering, second.Seeds.Cookie));
        Assert.NotEqual(default, first.Seeds.Steering);
        Assert.NotEqual(first.Seeds.Steering, first.Seeds.Cookie);
        Assert.Equal(default, (first.Seeds.Hash.K0, first.Seeds.Nonce.K0, first.Seeds.Ports.K0, first.Seeds.Strangers.K0));
        Assert.InRange(second.Relay.CookieZero, first.Relay.CookieZero, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task Directory_and_files_are_the_users_own()
    {
        await KeepAsync([AnyMapping.Record(1)]);
        Assert.Equal(StateFiles.OwnDirectory, File.GetUnixFileMode(_directory));
        Assert.Equal(3, Directory.GetFiles(_directory).Length);
        Assert.All(Directory.GetFiles(_directory), file => Assert.Equal(StateFiles.OwnFile, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Damaged_records_are_set_aside_and_the_others_come_back()
    {
        await KeepAsync([AnyMapping.Record(1), AnyMapping.Record(2), AnyMapping.Record(3)]);
        byte[] file = File.ReadAllBytes(Mappings);
        file[StateLayout.OffsetOf(1) + 300] ^= 4;
        File.WriteAllBytes(Mappings, file);
        await AssertNumbersAsync([1, 3]);
        Assert.EndsWith("1 damaged records are deleted", Assert.Single(Warnings), StringComparison.Ordinal);
        await AssertNumbersAsync([1, 3]);
        Assert.Single(Warnings);
    }

    [Fact]
    public async Task A_file_that_ends_anywhere_costs_what_is_missing()
    {
        await KeepAsync([AnyMapping.Record(1), AnyMapping.Record(2), AnyMapping.Record(3)]);
        byte[] file = File.ReadAllBytes(Mappings);
        for (int length = file.Length; length >= 0; length -= 97)
        {
            File.WriteAllBytes(Mappings, file[..length]);
            int whole = length < StateLayout.PageSize ? 0 : StateLayout.CellsIn(length);
            await AssertNumbersAsync([.. Enumerable.Range(1, whole)]);
        }
    }

    [Fact]
    public async Task What_found_no_socket_or_no_room_comes_back_at_the_next_start()
    {
        await KeepAsync([AnyMapping.Record(1), AnyMapping.Record(2), AnyMapping.Record(3)]);
        await RestoredAsync(record => record.UplinkBytes switch
        {
            1 => RestoreVerdict.NotOpened,
            2 => RestoreVerdict.Denied,
            _ => RestoreVerdict.NoRoom,
        });
        Assert.EndsWith("1 records are deleted: without a port or a server, or the client is not allowed", Warnings[0], StringComparison.Ordinal);
        Assert.EndsWith("2 records wait: 1 for a socket, 1 for room; they are tried again every 5 s", Warnings[1], StringComparison.Ordinal);
        await AssertNumbersAsync([1, 3]);
        Assert.Equal(2, Warnings.Length);
    }

    [Theory]
    [InlineData(0, "is no file of records")]
    [InlineData(8, "is of another version of wgproxy")]
    [InlineData(12, "is of another version of wgproxy")]
    [InlineData(20, "is damaged")]
    public async Task A_file_that_is_not_ours_is_set_aside_with_one_warning(int at, string flaw)
    {
        await KeepAsync([AnyMapping.Record(1)]);
        byte[] file = File.ReadAllBytes(Mappings);
        file[at] ^= 7;
        File.WriteAllBytes(Mappings, file);
        await AssertNumbersAsync([]);
        Assert.EndsWith($"its file of records {flaw}, and is set aside as mappings.old", Assert.Single(Warnings), StringComparison.Ordinal);
        Assert.Equal(file, File.ReadAllBytes(Mappings + ".old"));
        await KeepAsync([AnyMapping.Record(2)]);
        await AssertNumbersAsync([2]);
        Assert.Single(Warnings);
    }

    [Fact]
    public async Task A_file_of_records_that_was_copied_without_its_seeds_is_set_aside()
    {
        await KeepAsync([AnyMapping.Record(1)]);
        File.Delete(SeedsFile);
        await AssertNumbersAsync([]);
        Assert.Contains("belongs to other seeds", Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seeds_that_others_could_read_or_that_are_damaged_are_drawn_anew()
    {
        EngineSettings first = await KeepAsync([]);
        File.SetUnixFileMode(SeedsFile, StateFiles.OwnFile | UnixFileMode.OtherRead);
        EngineSettings second = await KeepAsync([]);
        Assert.NotEqual(first.Seeds.Cookie, second.Seeds.Cookie);
        Assert.Equal(StateFiles.OwnFile, File.GetUnixFileMode(SeedsFile));
        byte[] seeds = File.ReadAllBytes(SeedsFile);
        seeds[20] ^= 1;
        File.WriteAllBytes(SeedsFile, seeds);
        EngineSettings third = await KeepAsync([]);
        Assert.NotEqual(second.Seeds.Steering, third.Seeds.Steering);
    }

    [Fact]
    public async Task Records_that_others_could_read_come_back_and_are_the_users_own_again()
    {
        await KeepAsync([AnyMapping.Record(1)]);
        File.SetUnixFileMode(Mappings, StateFiles.OwnFile | UnixFileMode.OtherRead | UnixFileMode.GroupWrite);
        await AssertNumbersAsync([1]);
        Assert.Equal(StateFiles.OwnFile, File.GetUnixFileMode(Mappings));
    }

    [Fact]
    public void A_directory_that_cannot_be_one_or_that_others_write_to_costs_the_state_and_not_the_start()
    {
        File.WriteAllText(_directory, "a file");
        Assert.Null(RelayState.Open(_directory, _heard.Log, out bool isTaken));
        Assert.False(isTaken);
        Assert.EndsWith("this relay keeps nothing over a restart", Assert.Single(Warnings), StringComparison.Ordinal);
        File.Delete(_directory);

        Directory.CreateDirectory(_directory);
        File.SetUnixFileMode(_directory, StateFiles.OwnDirectory | UnixFileMode.OtherWrite);
        Assert.Null(RelayState.Open(_directory, _heard.Log, out isTaken));
        Assert.Contains("other users may write to it", Warnings[1], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Theory]
    [InlineData("", "user 65534 owns it")]
    [InlineData("lock", "user 65534 owns lock in it")]
    [InlineData("seeds", "user 65534 owns seeds in it")]
    [InlineData("mappings", "user 65534 owns mappings in it")]
    public async Task What_another_user_owns_is_not_used(string name, string flaw)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root, to give a file to another user");
        await KeepAsync([AnyMapping.Record(1)]);
        using Process chown = Process.Start("chown", ["65534", Path.Combine(_directory, name)]);
        await chown.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, chown.ExitCode);
        Assert.Null(RelayState.Open(_directory, _heard.Log, out bool isTaken));
        Assert.False(isTaken);
        Assert.EndsWith($": {flaw}; expected user 0; this relay keeps nothing over a restart", Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("seeds")]
    [InlineData("mappings")]
    public void A_symbolic_link_in_place_of_a_file_is_not_followed(string name)
    {
        Directory.CreateDirectory(_directory, StateFiles.OwnDirectory);
        string elsewhere = Path.Combine(_directory, "elsewhere");
        File.CreateSymbolicLink(Path.Combine(_directory, name), elsewhere);
        Assert.Null(RelayState.Open(_directory, _heard.Log, out _));
        Assert.Contains($": {name} in it is a symbolic link; expected a file; ", Assert.Single(Warnings), StringComparison.Ordinal);
        Assert.False(File.Exists(elsewhere));
    }

    // As systemd makes it for DynamicUser=.
    [Fact]
    public async Task The_directory_may_be_a_symbolic_link()
    {
        string target = Directory.CreateTempSubdirectory("wgproxy-state-").FullName;
        Directory.CreateSymbolicLink(_directory, target);
        await KeepAsync([AnyMapping.Record(1)]);
        await AssertNumbersAsync([1]);
        Assert.Empty(Warnings);
        Directory.Delete(_directory);
        Directory.Delete(target, recursive: true);
    }

    [Theory]
    [InlineData("none", "/a", null)]
    [InlineData("auto", null, null)]
    [InlineData("auto", "", null)]
    [InlineData("auto", "relative", null)]
    [InlineData("auto", "/a", "/a")]
    [InlineData("auto", "/a:/b", "/a")]
    [InlineData("/c/./d", "/a", "/c/d")]
    public void The_setting_comes_before_what_systemd_names(string setting, string? ofService, string? expected) =>
        Assert.Equal(expected, RelayState.DirectoryOf(setting, ofService));

    private string[] Warnings => [.. _heard.Lines.Where(line => line.Contains(" warning ", StringComparison.Ordinal))];

    private async Task<EngineSettings> KeepAsync(MappingRecord[] records)
    {
        RelayState state = RelayState.Open(_directory, _heard.Log, out _)!;
        EngineSettings settings = state.Equip(Settings);
        foreach (MappingRecord record in records)
        {
            Assert.True(settings.Journal!.Write(record));
        }

        await state.DisposeAsync();
        return settings;
    }

    private async Task<List<MappingRecord>> RestoredAsync(Func<MappingRecord, RestoreVerdict>? judge = null)
    {
        using TakingEngine engine = new();
        engine.Judge = judge ?? engine.Judge;
        RelayState state = RelayState.Open(_directory, _heard.Log, out _)!;
        state.Equip(Settings).Starting!(engine);
        await state.DisposeAsync();
        return engine.Lent;
    }

    private async Task AssertNumbersAsync(int[] expected) => Assert.Equal(expected, await NumbersAsync());

    private async Task<int[]> NumbersAsync() => [.. (await RestoredAsync()).Select(record => (int)record.UplinkBytes)];
}
