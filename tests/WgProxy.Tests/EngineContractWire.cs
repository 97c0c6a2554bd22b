using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Tests;

/// <summary>A started engine, its clock, and the network around it: what the contract needs to know of an engine.</summary>
public abstract class EngineContractWire : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The engine under test.</summary>
    public abstract IEngine Engine { get; }

    /// <summary>Fails if a counter has moved since the test last looked at all of them.</summary>
    public Action AssertNothingMore { get; set; } = () => { };

    /// <summary>Whether errors of the network reach the engine, as a kernel's do.</summary>
    public abstract bool ReportsErrors { get; }

    /// <summary>A new peer: a client or a server, as it behaves.</summary>
    /// <param name="family">The peer's IP version.</param>
    /// <param name="port">Its port; 0 for any.</param>
    public abstract EngineContractPeer NewPeer(AddressFamily family, int port = 0);

    /// <summary>A new peer at an address of loopback.</summary>
    public abstract EngineContractPeer NewPeer(IPAddress address);

    /// <summary>From now on this host sends to an address of loopback from another one than before.</summary>
    public abstract void ChangePath(IPAddress to, IPAddress from);

    /// <summary>Sends a datagram from port 0 of the address it goes to, as a forger can; false if this process may not.</summary>
    public abstract bool TrySendFromPort0(byte[] datagram, IPEndPoint to);

    /// <summary>Lets time pass for the engine.</summary>
    public abstract void Advance(TimeSpan span);

    /// <summary>Where a client of this family finds the relay.</summary>
    public IPEndPoint RelayFor(EngineContractPeer client) =>
        new(
            client.EndPoint.Address,
            Engine.Listening.Single(listen => listen.AddressFamily == client.EndPoint.AddressFamily).Port);

    /// <summary>Waits for a condition; fails when patience ends.</summary>
    public static void Await(Func<bool> condition, Func<string> otherwise)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                Assert.Fail(otherwise());
            }

            Thread.Sleep(1);
        }
    }

    /// <summary>Stops the engine and closes every peer.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the engine and closes every peer.</summary>
    protected virtual void Dispose(bool disposing)
    {
        Engine.Stop();
        try
        {
            AssertNothingMore();
        }
        finally
        {
            Engine.Dispose();
        }
    }
}

/// <summary>A socket of a client or a server on a wire.</summary>
public abstract class EngineContractPeer : IDisposable
{
    /// <summary>The peer's address.</summary>
    public abstract IPEndPoint EndPoint { get; }

    /// <summary>Sends one datagram.</summary>
    public abstract void Send(byte[] datagram, IPEndPoint to);

    /// <summary>The next datagram that has arrived, if any.</summary>
    public abstract (byte[] Bytes, IPEndPoint From)? TryReceive();

    /// <summary>Closes the peer's socket.</summary>
    public abstract void Close();

    /// <summary>The next datagram, waiting for it.</summary>
    public (byte[] Bytes, IPEndPoint From) Receive()
    {
        (byte[] Bytes, IPEndPoint From)? received = null;
        EngineContractWire.Await(() => (received = TryReceive()) is not null, () => $"nothing arrived at {EndPoint}");
        return received!.Value;
    }

    /// <summary>Asserts that the next datagram is exactly this, and says who sent it.</summary>
    public IPEndPoint Expect(byte[] datagram)
    {
        (byte[] bytes, IPEndPoint from) = Receive();
        Assert.Equal(datagram, bytes);
        return from;
    }

    /// <summary>Asserts that nothing has arrived. Meaningful after the counters show that what was sent is dealt with:
    /// an engine counts and sends under one turn.</summary>
    public void ExpectNothing() => Assert.Null(TryReceive());

    /// <summary>Closes the peer's socket.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the peer's socket.</summary>
    protected virtual void Dispose(bool disposing) => Close();
}
