using System.Net;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

/// <summary>Both ends of one WireGuard session through the engine; each call asserts that what arrives is what was
/// sent.</summary>
public sealed class EngineContractTunnel
{
    private readonly EngineContractWire _wire;
    private readonly Mac1 _mac1;
    private readonly uint _clientIndex;
    private readonly uint _serverIndex;

    /// <summary>Two peers before their handshake.</summary>
    internal EngineContractTunnel(
        EngineContractWire wire, Mac1 mac1, EngineContractPeer client, EngineContractPeer server, uint number)
    {
        _wire = wire;
        _mac1 = mac1;
        Client = client;
        Server = server;
        (_clientIndex, _serverIndex) = (0xC000_0000 | number, 0x5000_0000 | number);
    }

    /// <summary>The client.</summary>
    public EngineContractPeer Client { get; }

    /// <summary>The server.</summary>
    public EngineContractPeer Server { get; private set; }

    /// <summary>The relay's upstream socket, as the server sees it.</summary>
    public IPEndPoint Upstream { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Transport data as the client would send it.</summary>
    public byte[] FromClient(int length = WireMessages.KeepaliveLength) => WireMessages.Transport(_serverIndex, length);

    /// <summary>Transport data as the server would send it.</summary>
    public byte[] FromServer(int length = WireMessages.KeepaliveLength) => WireMessages.Transport(_clientIndex, length);

    /// <summary>The client asks; the server hears it.</summary>
    public byte[] Ask()
    {
        byte[] initiation = WireMessages.Initiation(_mac1, _clientIndex);
        Client.Send(initiation, _wire.RelayFor(Client));
        Upstream = Server.Expect(initiation);
        return initiation;
    }

    /// <summary>The server answers; the client hears it.</summary>
    public void Answer()
    {
        byte[] response = WireMessages.Response(_serverIndex, _clientIndex);
        Server.Send(response, Upstream);
        Assert.Equal(_wire.RelayFor(Client), Client.Expect(response));
    }

    /// <summary>Data from the client to the server.</summary>
    public void Up(int length = WireMessages.KeepaliveLength)
    {
        byte[] data = FromClient(length);
        Client.Send(data, _wire.RelayFor(Client));
        Assert.Equal(Upstream, Server.Expect(data));
    }

    /// <summary>Data from the server to the client.</summary>
    public void Down(int length = WireMessages.KeepaliveLength)
    {
        byte[] data = FromServer(length);
        Server.Send(data, Upstream);
        Assert.Equal(_wire.RelayFor(Client), Client.Expect(data));
    }

    /// <summary>The server is at another address from now on, keys and all; the next data of the client go there.</summary>
    public void Follow(EngineContractPeer elsewhere, int length)
    {
        byte[] data = FromClient(length);
        Client.Send(data, _wire.RelayFor(Client));
        Server = elsewhere;
        Upstream = Server.Expect(data);
    }

    /// <summary>A handshake and one keepalive each way.</summary>
    public EngineContractTunnel Establish()
    {
        Ask();
        Answer();
        Up();
        Down();
        return this;
    }
}
