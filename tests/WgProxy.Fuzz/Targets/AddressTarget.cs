using System.Buffers.Binary;
using System.Net;
using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Linux.Net;

namespace WgProxy.Fuzz.Targets;

/// <summary>A sender's address as the kernel writes it: 28 bytes, and behind them the local address, none, of 4 or of 16.
/// </summary>
internal sealed class AddressTarget(AddressTarget.Reader? read = null) : Target
{
    private const ushort ListenPort = 51_820;

    private readonly Reader _read = read ?? (static (address, local) => KernelAddress.ToSource(address, local, ListenPort));
    private readonly GuardedMemory _memory = new();

    public delegate Source Reader(nint address, ReadOnlySpan<byte> local);

    public override string Name => "address";

    public override int Longest => KernelAddress.Size + 16;

    public override IReadOnlyList<byte[]> Words { get; } =
        [[2, 0], [10, 0], [0xFE, 0x80], [0xFE, 0xBF], [0xFE, 0xC0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], [192, 0, 2, 1]];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        byte[] name = new byte[KernelAddress.Size];
        input[..Math.Min(input.Length, name.Length)].CopyTo(name);
        ReadOnlySpan<byte> rest = input[Math.Min(input.Length, name.Length)..];
        ReadOnlySpan<byte> local = rest.Length >= 16 ? rest[..16] : rest.Length >= 4 ? rest[..4] : [];

        bool isIPv4 = BinaryPrimitives.ReadUInt16LittleEndian(name) == 2;
        IPAddress address = isIPv4 ? new IPAddress(name.AsSpan(4, 4)) : new IPAddress(name.AsSpan(8, 16));
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        uint scope = address.IsIPv6LinkLocal ? BinaryPrimitives.ReadUInt32LittleEndian(name.AsSpan(24)) : 0;
        IPAddress here = local.IsEmpty ? IPAddress.IPv6Any : new IPAddress(local);
        here = here.IsIPv4MappedToIPv6 ? here.MapToIPv4() : here;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(name.AsSpan(2));

        // An IPv4 address ends after 16 bytes: nothing behind it is there to be read.
        nint at = _memory.AtEnd(isIPv4 ? name.AsSpan(0, 16) : name);
        Source source = _read(at, local);
        signal.Show("source", source.IsIPv4 ? 1 : 0, source.Scope == 0 ? 0 : 1, local.Length);
        signal.Show("written", isIPv4 ? 1 : 0, source.Address.AddressFamily == address.AddressFamily ? 1 : 0, address.IsIPv6LinkLocal ? 1 : 0);
        signal.Show("first", isIPv4 ? -1 : name[8] >= 0xFE ? name[8] : name[8] == 0 ? 0 : 1, isIPv4 ? -1 : name[9] >> 6);
        if (source.Port != port || source.LocalPort != ListenPort || source.Scope != scope || !new IPAddress(source.Address.GetAddressBytes()).Equals(new IPAddress(address.GetAddressBytes())) || !source.Local.Equals(here))
        {
            return $"read {source} scope {source.Scope} at {source.Local}, should be {address}:{port} scope {scope} at {here}";
        }

        Source again = Written(source, local);
        return again == source ? null : $"{source} was written and read as {again}";
    }

    /// <summary>The same, by way of the framework's type and back into the kernel's.</summary>
    private unsafe Source Written(Source source, ReadOnlySpan<byte> local)
    {
        byte* room = stackalloc byte[KernelAddress.Size];
        int length = (int)KernelAddress.Write(source.ToEndPoint(), (nint)room);
        return KernelAddress.ToSource(_memory.AtEnd(new ReadOnlySpan<byte>(room, length)), local, ListenPort);
    }
}
