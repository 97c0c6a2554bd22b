namespace WgProxy.Netns.Tests;

/// <summary>A server whose answers are slow, while somebody who knows its public key forges the client's own address (decision 47): initiations
/// that pass meanwhile must not make the relay forget which one the answer is for.</summary>
public sealed class LateAnswerTests
{
    private const int PerSecond = 50;

    // The client believes an answer only until it asks again, 5 s later: this is nearly as late as an answer is of use.
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(2.2);

    // The flood has emptied the client's bucket, so its first initiation draws a cookie. The next one comes 5 s and up to a third of a
    // second later. Its answer and then the first echo take the way there and back.
    private static readonly TimeSpan Echo = TimeSpan.FromSeconds(6.5) + (4 * Away);

    [NetnsFact]
    public async Task An_answer_that_comes_late_is_the_clients_in_spite_of_a_flood_under_its_address()
    {
        using Tunnel tunnel = await Tunnel.StartAsync(away: Away);
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        IPEndPoint forged = new(tunnel.Client.Host.Address(AddressFamily.InterNetwork), tunnel.Client.Port);
        tunnel.Stranger.Space.Ip(
            "route", "add", $"{tunnel.Front.Address}/32", "via", $"{tunnel.Stranger.Relay(AddressFamily.InterNetwork)}");
        using Flood flood = new(tunnel.Stranger, tunnel.Front, PerSecond, _ => forged, Attackers.Initiations(tunnel));
        await Eventually.TrueAsync(
            () => Judged(tunnel) > 3, TimeSpan.FromSeconds(20), () => $"forged initiations at the server; {tunnel.Relay.Status()}");
        int judged = Judged(tunnel);
        TimeSpan taken = await tunnel.ConnectAsync(tunnel.Client, TimeSpan.FromSeconds(40));
        judged = Judged(tunnel) - judged;
        flood.Stop();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        string report = $"the server {2 * Away.TotalSeconds:0.0} s away, {flood.PerSecond:0} forged a second, {judged} of them judged meanwhile: "
            + $"first echo after {taken.TotalSeconds:0.0} s; {status}";
        Measured.Write(report);
        Assert.True(taken < Echo, report);
        Assert.Equal(1, status.Live);

        // They did pass, one a second.
        Assert.InRange(judged, (int)taken.TotalSeconds - 3, (int)taken.TotalSeconds + 3);
        await tunnel.Relay.StopAsync();
    }

    private static int Judged(Tunnel tunnel) =>
        tunnel.Server.Lines.Count(line => line.Contains("invalid initiation", StringComparison.Ordinal));
}
