namespace WgProxy.Netns.Tests;

/// <summary>A loaded server judges few initiations, and one site would take all of them (decision 48).</summary>
public sealed class OneSiteTests
{
    // Two retries of WireGuard: one for the relay's cookie, one for the server's.
    private static readonly TimeSpan TwoCookies = TimeSpan.FromSeconds(11);

    [NetnsFact]
    public Task A_site_that_asks_without_end_leaves_a_loaded_servers_tokens_to_others() => BestOf.ThreeAsync(OnceAsync);

    private static async Task OnceAsync()
    {
        // As of 300 clients behind one address that retry every 3 s.
        const int ports = 300;
        const int perSecond = 100;
        using Tunnel tunnel = await Tunnel.StartAsync();
        WireGuardInterface newcomer = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync();
        using Pace loading = Attackers.Load(tunnel);
        using Site site = new(tunnel, ports, perSecond);
        await Eventually.TrueAsync(
            () => site.Shown > 200 && Reached(tunnel) > 0, TimeSpan.FromSeconds(20), () => $"cookies shown by the site; {tunnel.Relay.Status()}");
        (int reached, TimeSpan from) = (Reached(tunnel), TimeSpan.FromMilliseconds(Environment.TickCount64));
        TimeSpan entered = await tunnel.ConnectAsync(newcomer, TimeSpan.FromSeconds(30));

        // A rekey would come after 120 s. Forgetting the peer brings one at once, from the same port, to the same mapping.
        tunnel.Client.RemovePeer(tunnel.Server);
        TimeSpan rekeyed = await tunnel.ConnectAsync(tunnel.Client, TimeSpan.FromSeconds(30));
        double each = (Reached(tunnel) - reached) / (TimeSpan.FromMilliseconds(Environment.TickCount64) - from).TotalSeconds;
        await loading.StopAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        string report = $"{site.Sent} initiations of one site, {site.Shown} with a cookie: {each:0.0} a second reached the server; "
            + $"a newcomer elsewhere in after {entered.TotalSeconds:0.0} s, a tunnel renewed after {rekeyed.TotalSeconds:0.0} s; {status}";
        Measured.Write(report);
        Assert.True(entered < TwoCookies && rekeyed < TwoCookies, report);

        // Of the 18 tokens a second, two are the site's.
        Assert.InRange(each, 0.5, 4);
        await tunnel.Relay.StopAsync();
    }

    // Of those that came through the relay: wireguard-go names the sender of each initiation that it denies or cannot read.
    private static int Reached(Tunnel tunnel) => tunnel.Server.Lines.Count(line =>
        (line.Contains("denied handshake", StringComparison.Ordinal) || line.Contains("invalid initiation", StringComparison.Ordinal))
        && !line.Contains($"]:{Attackers.LoadPort}", StringComparison.Ordinal));
}
