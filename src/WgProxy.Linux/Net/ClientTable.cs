using System.Net;
using System.Runtime.InteropServices;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Net;

/// <summary>The clients' addresses by slot, as the kernel reads them, and the local addresses to answer from. Native
/// memory, because sends point into it.</summary>
internal sealed unsafe class ClientTable : IDisposable
{
    private readonly Row* _rows;
    private bool _disposed;

    /// <summary>A table of empty rows.</summary>
    public ClientTable(int slots) => _rows = (Row*)NativeMemory.AllocZeroed((nuint)slots, (nuint)sizeof(Row));

    /// <summary>The client's address.</summary>
    public nint NameOf(int slot) => (nint)(&_rows[slot].Name);

    /// <summary>The local address to answer from, 4 or 16 bytes; empty if the kernel chooses.</summary>
    public ReadOnlySpan<byte> LocalOf(int slot) => new(_rows[slot].Local, _rows[slot].LocalLength);

    /// <summary>Takes note of a client: where it sent from, scope included, and where to.</summary>
    public void Set(int slot, nint name, ReadOnlySpan<byte> local)
    {
        Row* row = _rows + slot;
        row->Name = *(sockaddr_in6*)name;
        row->LocalLength = local.Length;
        local.CopyTo(new Span<byte>(row->Local, 16));
    }

    /// <summary>The same of a client that was heard elsewhere.</summary>
    public void Set(int slot, IPEndPoint client, ReadOnlySpan<byte> local)
    {
        sockaddr_in6 name = default;
        _ = KernelAddress.Write(client, (nint)(&name));
        Set(slot, (nint)(&name), local);
    }

    /// <summary>Frees the rows.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.Free(_rows);
        }
    }

    private struct Row
    {
        public sockaddr_in6 Name;
        public int LocalLength;
        public fixed byte Local[16];
    }
}
