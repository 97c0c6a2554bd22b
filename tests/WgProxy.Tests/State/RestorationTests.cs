using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>Records that met an error which may pass are lent again.</summary>
public sealed class RestorationTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"wgproxy-records-{Guid.NewGuid():N}");
    private readonly FakeTime _time = new();
    private readonly TakingEngine _engine = new();
    private readonly CancellationTokenSource _stop = new();
    private RecordFile? _file;
    private StateWriter? _writer;

    public void Dispose()
    {
        _writer?.Dispose();
        _engine.Dispose();
        _stop.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public async Task What_found_no_socket_or_no_room_is_lent_again_until_it_goes_on_or_is_too_old()
    {
        await BeginAsync(3, record => record.UplinkBytes switch
        {
            1 => RestoreVerdict.NotOpened,
            2 => RestoreVerdict.NoRoom,
            _ => RestoreVerdict.Restored,
        });
        Assert.Equal((2, 0), (Restoration.Kept, Restoration.Refused));
        Task again = Restoration.RunAgainAsync(_engine, _time, _stop.Token);
        _engine.Lent.Clear();
        _engine.Judge = record => record.UplinkBytes == 1 ? RestoreVerdict.NotOpened : RestoreVerdict.Restored;
        await PassAsync();
        _engine.Judge = _ => RestoreVerdict.Expired;
        await PassAsync();
        await again;
        Assert.Equal([1, 2, 1], _engine.Lent.Select(record => (int)record.UplinkBytes));
        Assert.Equal((3, 0), (Restoration.Total, Restoration.Kept));
        Assert.Equal((2, 1), (Restoration.Count(RestoreVerdict.Restored), Restoration.Count(RestoreVerdict.Expired)));
        Assert.Equal(2, Reopened());
    }

    [Fact]
    public async Task What_never_opens_is_lent_a_bounded_number_of_times_and_kept()
    {
        await BeginAsync(1, _ => RestoreVerdict.NotOpened);
        Task again = Restoration.RunAgainAsync(_engine, _time, _stop.Token);
        for (int i = 0; i < Restoration.MostTries; i++)
        {
            await PassAsync();
        }

        await again;
        Assert.Equal((1 + Restoration.MostTries, 1, 1), (_engine.Times, Restoration.Total, Restoration.Kept));
        Assert.Equal(1, Reopened());
    }

    [Fact]
    public async Task What_has_another_record_by_now_is_not_lent_again()
    {
        await BeginAsync(2, _ => RestoreVerdict.NotOpened);
        Task again = Restoration.RunAgainAsync(_engine, _time, _stop.Token);
        _engine.Lent.Clear();
        Assert.True(_writer!.TryWrite(AnyMapping.Record(1) with { ValidAgo = 7, Written = HostInstant.Now() with { Boot = 1 } }));
        Assert.True(_writer.TryWrite(AnyMapping.End(2)));
        Assert.True(SpinWait.SpinUntil(() => _file!.TryRead(0, out MappingRecord first) && first.ValidAgo == 7 && !_file.TryRead(1, out _), TimeSpan.FromSeconds(30)));
        await PassAsync();
        await again;
        Assert.Empty(_engine.Lent);
        Assert.Equal((2, 2), (Restoration.Total, Restoration.Count(RestoreVerdict.Duplicate)));
    }

    [Fact]
    public async Task A_stop_ends_the_pause()
    {
        await BeginAsync(1, _ => RestoreVerdict.NotOpened);
        Task again = Restoration.RunAgainAsync(_engine, _time, _stop.Token);
        await _stop.CancelAsync();
        await again;
        Assert.Equal((1, 1), (_engine.Times, Restoration.Kept));
    }

    private Restoration Restoration { get; set; } = null!;

    private async Task BeginAsync(int count, Func<MappingRecord, RestoreVerdict> judge)
    {
        using (StateWriter before = new(Open(), _ => { }))
        {
            for (int number = 1; number <= count; number++)
            {
                Assert.True(before.TryWrite(AnyMapping.Record(number)));
            }
        }

        _file = Open();
        _writer = new StateWriter(_file, _ => { });
        Restoration = new Restoration(_file, _writer);
        Restoration.Prepare();
        _engine.Judge = judge;
        await Restoration.RunAsync(_engine);
    }

    private async Task PassAsync()
    {
        Assert.Equal(Restoration.Pause, await _time.NextAlarmAsync());
        _time.Advance(Restoration.Pause);
    }

    private RecordFile Open() => RecordFile.Open(_path, new byte[StateLayout.IdentitySize], out _);

    private int Reopened()
    {
        _writer!.Dispose();
        _writer = null;
        using RecordFile file = Open();
        return file.ByUse.Count;
    }
}
