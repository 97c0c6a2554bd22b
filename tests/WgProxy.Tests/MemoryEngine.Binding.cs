using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Tests;

// Where upstream sockets are bound.
internal sealed partial class MemoryEngine
{
    private bool TryBind(IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out IPEndPoint local, out OpenRefusal refusal)
    {
        local = new IPEndPoint(end.Address == 0 ? _network.LocalFor(server) : AddressOf(end), end.Port);
        refusal = _network.IsBound(local.Address, end.Port) ? new OpenRefusal("bind", 98, server)
            : !IsReachable(server) ? new OpenRefusal("connect", 101, server)
            : default;
        local = refusal == default ? local : null;
        return local is not null;
    }

    private static IPAddress AddressOf(UpstreamEnd end)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, end.Address);
        return end.IsIPv4 ? new IPAddress(bytes).MapToIPv4() : new IPAddress(bytes);
    }
}
