namespace WgProxy.Kernel.Tests;

/// <summary>A server that is not where the relay was told, and speaks first.</summary>
public sealed class ServerMovesTests(Machine machine)
{

    // The one thing that goes on without the relay and not through it: see docs/decisions/0032.
    [KernelFact]
    public async Task A_server_that_speaks_from_another_port_is_heard_through_the_relay_when_it_is_back()
    {
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                IPAddress client = stage.Client.Inner(AddressFamily.InterNetwork);
                await stage.ClientEchoAsync();
                await stage.Server.SetPortAsync(Stage.Port + 1);
                (int away, _) = await stage.Server.Shell.TryAsync($"ping -n -q -c 1 -i 0.2 -w 3 {client}");
                await stage.Server.SetPortAsync(Stage.Port);
                TimeSpan back = await stage.Server.EchoAsync(client);
                return new Heard(away == 0, back, (await stage.Client.EndpointAsync()).Port == Stage.Port);
            },
            outcomes =>
            {
                outcomes.Measure(heard => $"{heard}");
                Assert.True(outcomes.Control.Away, "without the relay, the client follows its server");
                outcomes.EachLikeControl((heard, _) => !heard.Away, "that who is not the server it was told of is not heard");
                outcomes.EachLikeControl((heard, control) => heard.Back <= control.Back + Trial.Retry && heard.Told, "all as before once it is back");
            });
    }

    private sealed record Heard(bool Away, TimeSpan Back, bool Told)
    {
        public override string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{(Away ? "heard" : "not heard")} at the other port, {Back.TotalSeconds:0.0} s after it was back");
    }
}
