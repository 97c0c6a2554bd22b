using System.Buffers.Binary;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Kernel.Tests;

/// <summary>The kernel believes itself under load and shows cookies to all who shake hands.</summary>
[Collection(Loud.Name)]
public sealed class LoadTests(Machine machine)
{
    // Over 512 waiting initiations are load to the kernel, for a second and for all of its interfaces.
    private const int Burst = 2_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    [KernelFact]
    public async Task Clients_of_a_server_under_load_come_in_with_a_cookie()
    {
        await machine.RunningAsync();
        await using Stage flooded = await Stage.SetAsync(machine, Way.Control);
        using CancellationTokenSource end = new();
        Task flood = FloodAsync(flooded, end.Token);
        await Trial.SideBySideAsync(
            machine,
            stage => stage.Client.EchoAsync(stage.Server.Inner(AddressFamily.InterNetwork)),
            outcomes =>
            {
                outcomes.MeasureSeconds(echo => echo);
                Assert.True(outcomes.Control > Trial.Retry - TimeSpan.FromSeconds(2), $"no cookie was needed: {outcomes.Control}");
                // The relay may ask for a cookie of its own first.
                outcomes.EachLikeControl((echo, control) => echo <= control + (2 * Trial.Retry), "an echo two tries later at most");
            });
        await end.CancelAsync();
        await flood;
    }

    // Each of them passes mac1 and costs the server a place in its queue.
    private static async Task FloodAsync(Stage stage, CancellationToken end)
    {
        Mac1 mac1 = new(stage.Server.Key.Parse());
        byte[] message = WireMessages.Initiation(mac1, 0);
        IPEndPoint server = new(stage.Server.Address(AddressFamily.InterNetwork), Stage.Port);
        using Socket socket = stage.Middle.Udp(stage.Server.Gateway(AddressFamily.InterNetwork));
        for (uint number = 0; !end.IsCancellationRequested;)
        {
            for (int i = 0; i < Burst; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), ++number);
                mac1.Write(message);
                socket.SendTo(message, server);
            }

            await Task.Delay(Pause, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
