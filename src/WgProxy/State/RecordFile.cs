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

    // The whole file as it was when it was opened, until it is forgotten. Its cells have been checked.
    private byte[]? _image;

    private RecordFile(SafeFileHandle file, byte[] image, IReadOnlyList<int> byUse, int damaged)
    {
        (_file, _image, ByUse, Damaged) = (file, image, byUse, damaged);
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

    /// <summary>Reads the record that a cell of <see cref="ByUse"/> held when the file was opened, from memory. False if it is not of this version.
    /// </summary>
    public bool TryReadFirst(int cell, out MappingRecord record)
    {
        record = default;
        return _image is { } image
            ? MappingRecord.TryRead(image.AsSpan((int)StateLayout.OffsetOf(cell) + StateLayout.CellSize - MappingRecord.Size, MappingRecord.Size), out record) && !record.IsEnded
            : TryRead(cell, out record);
    }

    /// <summary>Frees the memory of <see cref="TryReadFirst"/>.</summary>
    public void Forget() => _image = null;

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
        byte[] image = ReadAll(file, cells == 0 ? 0 : (int)StateLayout.OffsetOf(cells - 1) + StateLayout.CellSize);
        int damaged = 0;
        for (int cell = 0; cell < cells; cell++)
        {
            CellContent content = StateLayout.Look(image.AsSpan((int)StateLayout.OffsetOf(cell), StateLayout.CellSize), cell, out long used);
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
        return new RecordFile(file, image, byUse, damaged);
    }

    // One call for all: a call for each cell takes 2 µs, and the ports of its mappings are closed meanwhile.
    private static byte[] ReadAll(SafeFileHandle file, int length)
    {
        byte[] image = new byte[length];
        int at = 0;
        while (at < length && RandomAccess.Read(file, image.AsSpan(at), at) is > 0 and int read)
        {
            at += read;
        }

        return image;
    }
}
