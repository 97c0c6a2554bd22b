using Microsoft.Win32.SafeHandles;

namespace WgProxy.State;

/// <summary>
/// Cells of a file of records, read sixteen pages at a time into one buffer. A call for each cell takes 2 µs; the whole file at once
/// takes memory that has not been touched before, and on a virtual machine each first touch of a page takes up to 15 µs (5.8 MB for
/// 10,000 records: 20 ms, in which their ports are closed).
/// </summary>
internal sealed class CellWindow(SafeFileHandle file)
{
    private const int Pages = 16;

    private readonly byte[] _bytes = new byte[Pages * StateLayout.PageSize];
    private long _from = -1;

    /// <summary>The bytes of a cell, until the next call. What cannot be read is zeros, as a free cell is.</summary>
    public ReadOnlySpan<byte> Cell(int cell)
    {
        long at = StateLayout.OffsetOf(cell);
        long from = at - (at % _bytes.Length);
        if (from != _from)
        {
            Fill(from);
        }

        return _bytes.AsSpan((int)(at - from), StateLayout.CellSize);
    }

    private void Fill(long from)
    {
        _from = from;
        int read = 0;
        try
        {
            while (read < _bytes.Length && RandomAccess.Read(file, _bytes.AsSpan(read), from + read) is > 0 and int more)
            {
                read += more;
            }
        }
        catch (IOException)
        {
            // A sector of the disk is lost: its records are, and no others.
        }

        _bytes.AsSpan(read).Clear();
    }
}
