using WgProxy.Figures;

namespace WgProxy.Tests.FigurePages;

/// <summary>The page that Prometheus reads.</summary>
public sealed class FigurePageTests
{
    [Fact]
    public async Task Every_figure_is_on_the_page_with_what_was_counted()
    {
        using MadeUp relay = new(("home", ["laptop", "phone"]), ("office", []));
        relay.All.Count(Direction.Uplink, Verdict.Open, 1, 148);
        relay.All.Count(Direction.Uplink, Verdict.Forward, 9, 900);
        relay.All.Count(Direction.Uplink, HandshakeMessage.Initiation);
        relay.All.Count(Direction.Uplink, Verdict.BadMac1, 3, 444);
        relay.All.Count(EngineFault.ReceiveOverflowed, 7);
        relay.All.Live(Proof.Confirmed, 2);
        relay.All.Answers.Count(5);
        relay.All.Answers.Count(30);
        relay.All.Answers.Count(9_000);
        relay.All.DownlinkTrains.Count(44);
        relay.Of(0).Count(Direction.Uplink, Verdict.Open, 1, 148);
        relay.Of(0).Count(Direction.Downlink, Verdict.Unsolicited, 4, 1);
        relay.Of(0).CountHandshake(new Tick(3_000));
        PromText page = new(await relay.PageAsync());

        Assert.Equal(1, page["wgproxy_build_info", "version=\"1.2.3\",engine=\"linux\""]);
        Assert.Equal(9, page["wgproxy_datagrams_total", "direction=\"uplink\",verdict=\"Forward\""]);
        Assert.Equal(3, page["wgproxy_datagrams_total", "direction=\"uplink\",verdict=\"BadMac1\""]);
        Assert.Equal(0, page["wgproxy_datagrams_total", "direction=\"downlink\",verdict=\"BadMac1\""]);
        Assert.Equal(1_048, page["wgproxy_io_bytes_total", "direction=\"uplink\""]);
        Assert.Equal(1, page["wgproxy_messages_total", "direction=\"uplink\",type=\"initiation\""]);
        Assert.Equal(9, page["wgproxy_messages_total", "direction=\"uplink\",type=\"data\""]);
        Assert.Equal(7, page["wgproxy_faults_total", "fault=\"ReceiveOverflowed\""]);
        Assert.Equal(2, page["wgproxy_mappings", "proof=\"Confirmed\""]);
        Assert.Equal(64, page["wgproxy_mappings_limit"]);
        Assert.Equal(1, page["wgproxy_trains_total", "direction=\"downlink\",size=\"33-64\""]);
        Assert.Equal([1, 1, 2, 2, 2, 2, 2, 3], page.Of("wgproxy_handshake_answer_duration_seconds_bucket").Select(series => (int)series.Value));
        Assert.Equal(["0.005", "0.02", "0.05", "0.1", "0.25", "1", "5", "+Inf"], page.Of("wgproxy_handshake_answer_duration_seconds_bucket").Select(series => series.Labels["le"]));
        Assert.Equal((9.035, 3), (page["wgproxy_handshake_answer_duration_seconds_sum"], (int)page["wgproxy_handshake_answer_duration_seconds_count"]));
        Assert.Equal(1_700_000_000.5, page["process_start_time_seconds"]);

        Assert.Equal(4, page["wgproxy_server_datagrams_total", "server=\"home\",direction=\"downlink\",verdict=\"Unsolicited\""]);
        Assert.Equal(0, page["wgproxy_server_datagrams_total", "server=\"office\",direction=\"uplink\",verdict=\"Forward\""]);
        Assert.DoesNotContain(("wgproxy_server_datagrams_total", "server=\"office\",direction=\"downlink\",verdict=\"Unsolicited\""), page.Series);
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        Assert.InRange(page["wgproxy_server_last_handshake_timestamp_seconds", "server=\"home\""], now - 62, now - 2);
        Assert.Equal(0, page["wgproxy_server_last_handshake_timestamp_seconds", "server=\"office\""]);
        Assert.Equal(1, page["wgproxy_server_addresses", "server=\"home\""]);
        Assert.Equal(1, page["wgproxy_server_address_reachable", "server=\"home\",address=\"192.0.2.1:51820\""]);
        Assert.Equal(0, page["wgproxy_server_silent", "server=\"home\""]);

        Assert.Equal(0, page["wgproxy_peer_last_seen_timestamp_seconds", "server=\"home\",peer=\"laptop\""]);

        Assert.Equal(FigureTable.All.Select(figure => figure.PrometheusName), page.Types.Keys);
        Assert.Equal(1, relay.Queries);
    }

    [Fact]
    public async Task A_peer_that_connects_is_on_the_page_by_its_name()
    {
        using MadeUp relay = new(("home", ["laptop", "phone"]));
        relay.Connect(0, 1);
        PromText page = new(await relay.PageAsync());
        Assert.Equal(1, page["wgproxy_peer_handshakes_total", "server=\"home\",peer=\"phone\""]);
        Assert.Equal(1, page["wgproxy_peer_mappings", "server=\"home\",peer=\"phone\""]);
        Assert.Equal(2, page["wgproxy_peer_datagrams_total", "server=\"home\",peer=\"phone\",direction=\"uplink\""]);
        Assert.Equal(WireMessages.KeepaliveLength + MadeUp.DataLength, page["wgproxy_peer_io_bytes_total", "server=\"home\",peer=\"phone\",direction=\"uplink\""]);
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        Assert.InRange(page["wgproxy_peer_last_seen_timestamp_seconds", "server=\"home\",peer=\"phone\""], now - 61, now - 1);
        Assert.All(page.Series.Where(series => series.Key.Labels.Contains("laptop", StringComparison.Ordinal)), series => Assert.Equal(0, series.Value));
    }

    [Fact]
    public async Task A_name_may_hold_whatever_a_label_must_escape()
    {
        string[] names = ["say \"hi\"", "C:\\temp\\n", "two\nlines", "läptop 🚀", "{server=\"x\"} 1"];
        using MadeUp relay = new([.. names.Select(name => (name, new[] { name }))]);
        string text = await relay.PageAsync();
        PromText page = new(text);
        Assert.Equal(names, page.Of("wgproxy_server_silent").Select(series => series.Labels["server"]));
        Assert.Equal(names, page.Of("wgproxy_peer_mappings").Select(series => series.Labels["peer"]));
        await Promtool.CheckMetricsAsync(text);
    }

    [Fact]
    public async Task A_thousand_servers_with_every_verdict_and_the_longest_names_and_peers_stay_under_5_MB_and_nothing_is_lost()
    {
        const int servers = 1_000;
        string[] names = [.. Enumerable.Range(0, servers).Select(number => $"{number}-".PadRight(64, 'x'))];
        using MadeUp relay = new([.. names.Select(name => (name, new[] { name, name + "2" }))]);
        for (int server = 0; server < servers; server++)
        {
            foreach (Direction direction in Enum.GetValues<Direction>())
            {
                foreach (Verdict verdict in Enum.GetValues<Verdict>())
                {
                    relay.Of(server).Count(direction, verdict, 1_000_000_000, 1_000_000_000);
                }
            }

            relay.Of(server).Answers.Count(server);
        }

        relay.Connect(0, 0);
        relay.Connect(999, 1);

        string text = await relay.PageAsync();
        int bytes = System.Text.Encoding.UTF8.GetByteCount(text);
        TestContext.Current.TestOutputHelper?.WriteLine($"measured: {bytes:N0} bytes for {servers:N0} servers, {2 * servers:N0} peers and every verdict");
        Assert.InRange(bytes, 4_000_000, 4_999_999);
        PromText page = new(text);
        Assert.Equal((servers * 1e9) + 4, page.Of("wgproxy_server_datagrams_total").Where(series => series.Labels["direction"] is "uplink" && series.Labels["verdict"] is "Forward").Sum(series => series.Value));
        Assert.Equal(servers * 1e9, page.Of("wgproxy_server_datagrams_total").Where(series => series.Labels["direction"] is "downlink" && series.Labels["verdict"] is "Closed").Sum(series => series.Value));
        Assert.Equal(servers + 2, page.Of("wgproxy_server_answer_duration_seconds_count").Sum(series => series.Value));
        Assert.Contains(page.Of("wgproxy_server_answer_duration_seconds_count"), series => series.Labels["server"] is "(others)");
        Assert.Equal(PeerFigures.MostPeers + 1, page.Of("wgproxy_peer_mappings").Count());
        Assert.Equal([names[0], "(others)"], page.Of("wgproxy_peer_handshakes_total").Where(series => series.Value == 1).Select(series => series.Labels["peer"]));
        Assert.Equal(2, page.Of("wgproxy_peer_mappings").Sum(series => series.Value));
    }

    [Fact]
    public async Task A_thousand_servers_of_usual_names_each_have_their_own_series()
    {
        const int servers = 1_000;
        using MadeUp relay = new([.. Enumerable.Range(0, servers).Select(number => ($"wg{number}.example.com:51820", Array.Empty<string>()))]);
        for (int server = 0; server < servers; server++)
        {
            foreach (Verdict verdict in (Verdict[])[Verdict.Forward, Verdict.Open, Verdict.Reply, Verdict.Replayed, Verdict.RateLimited, Verdict.OverBudget, Verdict.ServerLoaded])
            {
                relay.Of(server).Count(Direction.Uplink, verdict, 1_000_000_000, 1_000_000_000);
            }
        }

        string text = await relay.PageAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"measured: {text.Length:N0} bytes for {servers:N0} servers with seven verdicts each");
        Assert.InRange(text.Length, 2_000_000, 4_999_999);
        Assert.DoesNotContain("(others)", text, StringComparison.Ordinal);
        await Promtool.CheckMetricsAsync(text);
    }

    [Fact]
    public async Task A_page_leaves_the_collector_next_to_nothing_however_many_servers_there_are()
    {
        using MadeUp relay = new([.. Enumerable.Range(0, 1_000).Select(number => ($"s{number}", Array.Empty<string>()))]);
        long best = long.MaxValue;
        for (int page = 0; page < 5; page++)
        {
            // On one thread, because everything completes at once here.
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task<PageWriter?> written = relay.Reader.ReadPageAsync(CancellationToken.None);
            Assert.True(written.IsCompleted);
            (await written)!.Dispose();
            best = Math.Min(best, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"measured: {best:N0} bytes allocated for a page of 1,000 servers");
        Assert.InRange(best, 0, 16_000);
    }

    [Fact]
    public async Task Only_so_many_pages_are_lent_at_once()
    {
        using MadeUp relay = new(("home", []));
        PageWriter?[] pages = [.. await Task.WhenAll(Enumerable.Range(0, FigureReader.MostPages).Select(_ => relay.Reader.ReadPageAsync(CancellationToken.None)))];
        Assert.All(pages, Assert.NotNull);
        Assert.Null(await relay.Reader.ReadPageAsync(TestContext.Current.CancellationToken));
        pages[0]!.Dispose();
        pages[0]!.Dispose();
        pages[0] = await relay.Reader.ReadPageAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(pages[0]);
        Assert.Null(await relay.Reader.ReadPageAsync(TestContext.Current.CancellationToken));
        Array.ForEach(pages, page => page!.Dispose());
    }

    [Fact]
    public async Task An_engine_that_too_many_ask_gives_no_page_instead_of_zeros()
    {
        using MadeUp relay = new(("home", []));
        relay.IsBusy = true;
        Assert.Null(await relay.Reader.ReadPageAsync(TestContext.Current.CancellationToken));
        relay.IsBusy = false;
        Assert.Contains("server=\"home\"", await relay.PageAsync(), StringComparison.Ordinal);
    }
}
