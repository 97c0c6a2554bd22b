using System.Collections.Concurrent;
using System.Net;
using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>Who owns the cells of the file of records, also while the disk refuses.</summary>
public sealed class StateWriterTests : IDisposable
{
    private static readonly byte[] Identity = new byte[StateLayout.IdentitySize];

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"wgproxy-records-{Guid.NewGuid():N}");
    private readonly BlockingCollection<string?> _reports = [];
    private volatile bool _refuses = true;
    private RecordFile? _file;

    public void Dispose()
    {
        File.Delete(_path);
        _reports.Dispose();
    }

    [Fact]
    public void A_cell_that_could_not_be_emptied_is_emptied_later_and_used_again()
    {
        using (StateWriter writer = Begin())
        {
            Leave(writer, [AnyMapping.Record(1), AnyMapping.Record(2), AnyMapping.Record(3), AnyMapping.End(2)]);
            Assert.Equal("refused", NextReport());
            _refuses = false;

            // With the next records, of whatever mapping.
            Assert.True(SpinWait.SpinUntil(
                () =>
                {
                    Leave(writer, [AnyMapping.Record(3)]);
                    return !_file!.TryRead(1, out _);
                },
                TimeSpan.FromSeconds(30)));
            Leave(writer, [AnyMapping.Record(9)]);
        }

        Assert.Equal([(0, 1), (1, 9), (2, 3)], Cells());
        Assert.Empty(_reports);
    }

    [Fact]
    public void A_former_record_that_could_not_be_emptied_is_emptied_later()
    {
        using (StateWriter writer = Begin())
        {
            Leave(writer, [AnyMapping.Record(1), AnyMapping.Record(2)]);
        }

        using (StateWriter writer = Begin())
        {
            writer.Refuse(0);
            Assert.Equal("refused", NextReport());
            _refuses = false;
            Leave(writer, [AnyMapping.Record(9)]);
        }

        Assert.Equal([(0, 9), (1, 2)], Cells());
    }

    [Fact]
    public void A_record_that_comes_after_the_end_that_could_not_be_written_stays()
    {
        using (StateWriter writer = Begin())
        {
            Leave(writer, [AnyMapping.Record(1), AnyMapping.End(1)]);
            Assert.Equal("refused", NextReport());
            Leave(writer, [AnyMapping.Record(1), AnyMapping.Record(2)]);
        }

        Assert.Equal([(0, 1), (1, 2)], Cells());
    }

    [Fact]
    public void A_file_without_a_free_cell_is_told_once()
    {
        using (StateWriter writer = Begin())
        {
            MappingRecord any = AnyMapping.Record(1);
            Leave(writer, Enumerable.Range(1, StateLayout.MostCells + 2).Select(host => any with { Source = Source.From(new IPEndPoint(new IPAddress(host), 7)) }));
        }

        Assert.Equal("no cell of its file is free", NextReport());
        Assert.Empty(_reports);
    }

    private StateWriter Begin()
    {
        RecordFile file = _file = RecordFile.Open(_path, Identity, out _);
        return new StateWriter(file, _reports.Add, cell =>
        {
            if (_refuses)
            {
                throw new IOException("refused");
            }

            file.Erase(cell);
        });
    }

    private string? NextReport()
    {
        Assert.True(_reports.TryTake(out string? report, TimeSpan.FromSeconds(30)));
        return report;
    }

    private static void Leave(StateWriter writer, IEnumerable<MappingRecord> records)
    {
        foreach (MappingRecord record in records)
        {
            while (!writer.TryWrite(record))
            {
                Thread.Yield();
            }
        }
    }

    private (int Cell, int Number)[] Cells()
    {
        using RecordFile file = RecordFile.Open(_path, Identity, out string? flaw);
        Assert.Null(flaw);
        return [.. file.ByUse.Order().Select(cell => (cell, file.TryRead(cell, out MappingRecord record) ? (int)record.UplinkBytes : -1))];
    }
}
