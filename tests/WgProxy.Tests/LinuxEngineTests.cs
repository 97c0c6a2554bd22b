using WgProxy.Core.Engine;
using WgProxy.Linux;
using WgProxy.Linux.Send;
using WgProxy.Linux.Workers;

namespace WgProxy.Tests;

/// <summary>The contract on the kernel's own calls, by one worker.</summary>
public class LinuxEngineTests : EngineContract
{
    private protected virtual LinuxEngineSettings Own => new() { Workers = 1 };

    private protected override EngineContractWire NewWire(EngineSettings settings) => new SocketWire(clock => new LinuxEngine(settings, Own, clock));

    [Fact]
    public void Addresses_that_come_one_by_one_have_no_more_buffers_for_strangers_than_all_at_once() =>
        AssertStrangersShareWhereAddressesComeOneByOne(receiving: 3 * Own.Workers);

    private protected override ushort FreePort() => SocketPeer.FreePort();
}

/// <summary>The contract by several workers. Tests that allow less than there is to divide run by one.</summary>
public sealed class LinuxEngineWorkersTests : LinuxEngineTests
{
    private protected override LinuxEngineSettings Own => new() { Workers = 3 };
}

/// <summary>The contract without offloads.</summary>
public sealed class LinuxEnginePlainTests : LinuxEngineTests
{
    private protected override LinuxEngineSettings Own => new() { Workers = 1, Segmentation = Segmentation.None };
}

/// <summary>The contract by a worker that goes on looking before it sleeps.</summary>
public sealed class LinuxEngineBusyPollTests : LinuxEngineTests
{
    private protected override LinuxEngineSettings Own => new() { Workers = 1, BusyPoll = BusyPoll.Always(TimeSpan.FromMicroseconds(200)) };
}
