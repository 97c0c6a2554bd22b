using System.ComponentModel;
using System.Runtime.InteropServices;

namespace WgProxy.Fuzz.Fuzzing;

/// <summary>One page between two that may not be touched: who reads a byte too far ends the process, as an over-read that is
/// noticed should. Nothing in the runtime can catch it.</summary>
internal sealed unsafe partial class GuardedMemory
{
    private const int None = 0;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _page;
    private readonly int _size = Environment.SystemPageSize;

    public GuardedMemory()
    {
        nint mapped = mmap(0, (nuint)(3 * _size), None, PrivateAnonymous, -1, 0);
        if (mapped == -1 || mprotect(mapped + _size, (nuint)_size, ReadWrite) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        _page = (byte*)mapped + _size;
    }

    /// <summary>Lays bytes so that the first one behind them is out of bounds.</summary>
    public nint AtEnd(ReadOnlySpan<byte> bytes)
    {
        byte* at = _page + _size - bytes.Length;
        bytes.CopyTo(new Span<byte>(at, bytes.Length));
        return (nint)at;
    }

    /// <summary>Lays bytes so that the last one before them is out of bounds.</summary>
    public nint AtStart(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(_page, bytes.Length));
        return (nint)_page;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mprotect(nint address, nuint length, int protection);
}
