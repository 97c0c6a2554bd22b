using Microsoft.Win32.SafeHandles;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>
/// The file of records. It is written by pwrite(2), which survives SIGKILL as a mapped file does and reports a full disk as an error
/// instead of a signal. Nothing is forced to the disk: what a loss of power takes would have expired after the reboot, mostly.
/// </summary>
internal sealed class RecordFile : IDisposable
{
    private static readonly byte[] Empty = new byte[StateLayout.CellSize];

    private readonly SafeFileHandle _file;
    private readonly byte[] _cell = new byte[StateLayout.CellSize];

    private RecordFile(SafeFileHandle file, IReadOnlyList<int> byUse, int damaged)
    {
        (_file, ByUse, Damaged) = (file, byUse, damaged);
    }

    /// <summary>The cells that held a record when the file was opened, those first that were used last.</summary>
    public IReadOnlyList<int> ByUse { get; }

    /// <summary>Cells that held neither a whole record nor nothing. They are free now.</summary>
    public int Damaged { get; }

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="identity">The identity of the seeds.</param>
    /// <param name="flaw">Why what was there has been set aside, in words that continue "the file"; null if it was not.</param>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused.</exception>
    public static RecordFile Open(string path, ReadOnlySpan<byte> identity, out string? flaw)
    {
        SafeFileHandle file = StateFiles.Open(path);
        try
        {
            byte[] page = new byte[StateLayout.PageSize];
            int length = RandomAccess.Read(file, page, 0);
            flaw = length == 0 ? null : StateLayout.FlawOf(page.AsSpan(0, length), identity);
            if (flaw is not null)
            {
                file.Dispose();
                File.Move(path, path + ".old", overwrite: true);
                file = StateFiles.Open(path);
                length = 0;
            }

            if (length < StateLayout.PageSize)
            {
                Array.Clear(page);
                StateLayout.WriteHeader(page, identity);
                RandomAccess.SetLength(file, 0);
                RandomAccess.Write(file, page, 0);
            }

            return Index(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the records of many cells.</summary>
    /// <param name="cells">Cells of the file, each once.</param>
    /// <returns>A record for each, in the order of the cells. One that is ended stands for a cell that holds none, or cannot be read.</returns>
    public MappingRecord[] Read(ReadOnlySpan<int> cells)
    {
        MappingRecord[] records = new MappingRecord[cells.Length];
        int[] numbers = cells.ToArray();
        int[] places = new int[cells.Length];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = i;
        }

        // In the order of the file, so that each of its pages is read once.
        numbers.AsSpan().Sort(places.AsSpan());
        CellWindow window = new(_file);
        for (int i = 0; i < numbers.Length; i++)
        {
            _ = StateLayout.TryRead(window.Cell(numbers[i]), numbers[i], out records[places[i]]);
        }

        return records;
    }

    /// <summary>Reads the record of a cell. False if it holds none, or cannot be read.</summary>
    public bool TryRead(int cell, out MappingRecord record)
    {
        Span<byte> bytes = stackalloc byte[StateLayout.CellSize];
        record = default;
        try
        {
            return RandomAccess.Read(_file, bytes, StateLayout.OffsetOf(cell)) == bytes.Length && StateLayout.TryRead(bytes, cell, out record);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Writes a record into a cell. One thread at a time.</summary>
    /// <exception cref="IOException">The system refused; the cell is whole or damaged.</exception>
    public void Write(int cell, long used, ReadOnlySpan<byte> record)
    {
        StateLayout.WriteCell(_cell, cell, used, record);
        RandomAccess.Write(_file, _cell, StateLayout.OffsetOf(cell));
    }

    /// <summary>Empties a cell, so that nothing of the record is left.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public void Erase(int cell) => RandomAccess.Write(_file, Empty, StateLayout.OffsetOf(cell));

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static RecordFile Index(SafeFileHandle file)
    {
        int cells = StateLayout.CellsIn(RandomAccess.GetLength(file));
        List<(long Used, int Cell)> found = new(cells);
        CellWindow window = new(file);
        int damaged = 0;
        for (int cell = 0; cell < cells; cell++)
        {
            CellContent content = StateLayout.Look(window.Cell(cell), cell, out long used);
            if (content == CellContent.Record)
            {
                found.Add((used, cell));
            }
            else if (content == CellContent.Damaged)
            {
                damaged++;
                RandomAccess.Write(file, Empty, StateLayout.OffsetOf(cell));
            }
        }

        found.Sort(static (left, right) => right.Used.CompareTo(left.Used));
        int[] byUse = [.. found.Select(static each => each.Cell)];

        // What lies behind the last record is not looked at again.
        int end = found.Count == 0 ? 0 : found.Max(static each => each.Cell) + 1;
        RandomAccess.SetLength(file, end == 0 ? StateLayout.PageSize : StateLayout.OffsetOf(end - 1) + StateLayout.CellSize);
        return new RecordFile(file, byUse, damaged);
    }
}
