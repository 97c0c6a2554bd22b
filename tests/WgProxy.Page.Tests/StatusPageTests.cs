using System.Globalization;
using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace WgProxy.Page.Tests;

/// <summary>The status page of a relay with traffic, in a browser.</summary>
public sealed partial class StatusPageTests(Chromium chromium, StatusPageTests.Stage stage) : IClassFixture<Chromium>, IClassFixture<StatusPageTests.Stage>
{
    private const string Contrast = """
        () => {
          const parse = text => text.match(/[\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(each => each / 255).map(each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4).reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = node => { for (; node; node = node.parentElement) { const colour = parse(getComputedStyle(node).backgroundColor); if (colour.length < 4 || colour[3] > 0) return colour; } return [255, 255, 255]; };
          const wrong = [];
          for (const node of document.querySelectorAll('body *')) {
            const text = [...node.childNodes].filter(each => each.nodeType === 3).map(each => each.data.trim()).join('');
            if (!text || !node.checkVisibility()) continue;
            const style = getComputedStyle(node), isDrawn = node instanceof SVGElement;
            const [a, b] = [light(parse(isDrawn ? style.fill : style.color)), light(behind(node))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) wrong.push(`${node.tagName} ${text.slice(0, 20)}: ${ratio.toFixed(2)}`);
          }
          return wrong;
        }
        """;

    [Fact]
    public async Task It_shows_servers_peers_sessions_and_drops_and_what_passes_changes()
    {
        Chromium.Need();
        WatchedPage page = await chromium.OpenAsync(stage.Relay.Address);
        ILocator home = page.Row("servers", "home");
        await Expect(home).ToContainTextAsync("answering");
        await Expect(home.Locator("td").Nth(2).Locator("span")).ToHaveTextAsync("3");
        await Expect(page.Row("servers", "office")).ToContainTextAsync("1 asked");
        await Expect(page.Row("peers", "alice-phone")).ToContainTextAsync("home");
        ILocator session = page.Row("sessions", "alice-phone");
        await Expect(session).ToContainTextAsync(stage.Relay.FirstClient);
        await Expect(session).ToContainTextAsync("confirmed");
        await Expect(page.Row("drops", "NotWireGuard")).ToContainTextAsync("Dropped: not one of the four WireGuard types");
        await Expect(page.Row("drops", "BadMac1").Locator("td").Nth(1).Locator("span")).ToHaveTextAsync("1");
        await Expect(page.Page.Locator("#now > div").Nth(2).Locator("dd").First).ToHaveTextAsync("4");

        ILocator total = page.Page.Locator("#now > div").First.Locator("dd").Nth(1);
        string before = (await total.TextContentAsync())!;
        await Expect(total).Not.ToHaveTextAsync(before);
        await Expect(page.Page.Locator("#now > div").First.Locator("dd").First).ToHaveTextAsync(new Regex("^[1-9][0-9.]+ [kM]bit/s$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Equal("wgproxy: 4 mappings", await page.Page.TitleAsync());
        await page.CloseAsync();
    }

    // Names have no such characters; but a page that only shows text needs no such promise.
    [Fact]
    public async Task Whatever_the_relay_says_is_shown_as_text()
    {
        Chromium.Need();
        const string hostile = "<img src=x onerror=document.title='harmed'><script>document.title='harmed'</script>";
        WatchedPage page = await chromium.OpenAsync(stage.Relay.Address, answer: text => OtherStrings.Replace(text, "\"${text}" + hostile));
        await Expect(page.Row("servers", "home" + hostile)).ToHaveCountAsync(1);
        await Expect(page.Row("peers", "alice-phone" + hostile)).ToHaveCountAsync(1);
        await Expect(page.Row("sessions", "alice-phone" + hostile)).ToHaveCountAsync(1);
        await Expect(page.Row("drops", "NotWireGuard" + hostile)).ToHaveCountAsync(1);
        await Expect(page.Page.Locator("#relay")).ToContainTextAsync(hostile);
        await Expect(page.Page.Locator("#of")).ToContainTextAsync(hostile);
        Assert.Equal(0, await page.Page.Locator("main img, main script").CountAsync());
        Assert.Equal("wgproxy: 4 mappings", await page.Page.TitleAsync());
        await page.CloseAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 320)]
    [InlineData(ColorScheme.Dark, 320)]
    [InlineData(ColorScheme.Light, 860)]
    public async Task It_fits_and_is_legible(ColorScheme scheme, int width)
    {
        Chromium.Need();
        WatchedPage page = await chromium.OpenAsync(stage.Relay.Address, new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
            ReducedMotion = ReducedMotion.Reduce,
        });
        Assert.Empty(await page.Page.EvaluateAsync<string[]>(Contrast));
        Assert.Equal(width, await page.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, innerWidth)"));
        Assert.Equal(
            scheme == ColorScheme.Dark,
            await page.Page.EvaluateAsync<bool>("() => Math.max(...getComputedStyle(document.body).backgroundColor.match(/\\d+/g)) < 60"));
        Assert.Equal("none", await page.Page.EvaluateAsync<string>("() => getComputedStyle(document.getElementById('state'), '::before').animationName"));
        string file = Path.Combine(stage.Folder, string.Create(CultureInfo.InvariantCulture, $"{scheme}-{width}.png"));
        await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = file, FullPage = true });
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_keyboard_reaches_everything_and_moves_along_a_graph()
    {
        Chromium.Need();
        WatchedPage page = await chromium.OpenAsync(stage.Relay.Address);
        await Expect(page.Page.Locator("#graphs path").First).ToBeAttachedAsync();
        int wanted = await page.Page.Locator("a[href]:visible, select:visible, svg[tabindex]").CountAsync();
        HashSet<string> reached = [];
        for (int tab = 0; tab < wanted + 2; tab++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            string at = await page.Page.EvaluateAsync<string>("""
                () => {
                  const node = document.activeElement;
                  return node === document.body ? '' : `${getComputedStyle(node).outlineStyle} ${node.tagName} ${[...document.querySelectorAll(node.tagName)].indexOf(node)}`;
                }
                """);
            if (at.Length > 0)
            {
                Assert.StartsWith("solid ", at, StringComparison.Ordinal);
                _ = reached.Add(at);
            }
        }

        Assert.Equal(wanted, reached.Count);
        ILocator graph = page.Page.Locator("svg").First;
        await graph.FocusAsync();
        string? label = await graph.GetAttributeAsync("aria-label");
        Assert.Matches("^Traffic, now\\. to clients: [0-9.]+ [kM]bit/s, at most [0-9.]+ [kM]bit/s\\. to servers: ", label);
        await page.Page.Keyboard.PressAsync("Home");
        await Expect(graph).Not.ToHaveAttributeAsync("aria-label", label!);
        await Expect(graph.Locator(".at")).ToHaveCountAsync(1);
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(graph.Locator(".at")).ToHaveCountAsync(0);
        await page.CloseAsync();
    }

    [Fact]
    public async Task Graphs_are_of_one_server_if_that_is_chosen_and_have_what_the_history_has()
    {
        Chromium.Need();
        WatchedPage page = await chromium.OpenAsync(stage.Relay.Address);
        await Expect(page.Page.Locator("#graphs path")).Not.ToHaveCountAsync(0);
        ILocator drops = page.Page.Locator("figure").Filter(new LocatorFilterOptions { HasText = "Drops" }).Locator(".legend");
        await Expect(drops).ToContainTextAsync("NotWireGuard");
        await page.Page.Locator("#of").SelectOptionAsync("home");
        await Expect(drops).Not.ToContainTextAsync("NotWireGuard");
        await Expect(page.Page.Locator("figure").Nth(1).Locator(".legend")).ToContainTextAsync("confirmed 3");
        await page.Page.Locator("#of").SelectOptionAsync("office");
        await Expect(page.Page.Locator("figure").Nth(1).Locator(".legend")).ToContainTextAsync("asked 1");
        await page.CloseAsync();
    }

    [Fact]
    public async Task Show_says_what_passes_once_the_first_step_has_ended()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using HttpClient http = new() { BaseAddress = stage.Relay.Address };
        while ((await http.GetStringAsync("v1/history", stop)).Contains("\"ended\":null", StringComparison.Ordinal))
        {
            await Task.Delay(100, stop);
        }

        using RunningProgram show = new(null, "show", "--control", stage.Relay.Socket);
        (int code, string screen, _) = await show.ExitAsync();
        Assert.Equal(0, code);
        Assert.Matches(ToBoth, screen);
        Assert.Matches(OfHome, screen);
    }

    [Fact]
    public async Task A_hidden_page_asks_nothing_until_it_is_seen_again()
    {
        Chromium.Need();
        WatchedPage page = await chromium.OpenAsync(stage.Relay.Address);
        await HideAsync(page, isHidden: true);
        await Expect(page.Page.Locator("#state")).ToHaveTextAsync("Paused");

        // What was under way ends. Then twice the time passes after which a page that is seen asks again.
        await page.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        int before = page.Requests;
        await page.Page.EvaluateAsync("() => new Promise(done => setTimeout(done, 4500))");
        Assert.Equal(before, page.Requests);
        await HideAsync(page, isHidden: false);
        await page.LiveAsync();
        Assert.NotEqual(before, page.Requests);
        await page.CloseAsync();

        static Task HideAsync(WatchedPage page, bool isHidden) => page.Page.EvaluateAsync(
            "isHidden => { Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }", isHidden);
    }

    // Texts, and keys that are names: not instants, and not the members of reports.
    [GeneratedRegex("(?<=[\\[,:{])\"(?<text>(?![a-z_]+\":|[0-9-]+T)[^\"]*)(?=\")", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex OtherStrings { get; }

    [GeneratedRegex(@"^  traffic now: [1-9][0-9.]+ [kM]bit/s to servers, [1-9][0-9.]+ [kM]bit/s to clients\s*$", RegexOptions.Multiline, 1_000)]
    private static partial Regex ToBoth { get; }

    [GeneratedRegex(@"^server: home\s*\n(  .*\n)+?  traffic now: [1-9][0-9.]+ [kM]bit/s received, [1-9][0-9.]+ [kM]bit/s sent\s*$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1_000)]
    private static partial Regex OfHome { get; }

    /// <summary>A relay with traffic that several tests look at.</summary>
    public sealed class Stage : IAsyncLifetime
    {
        internal Relay Relay { get; } = new(showsSessions: true);

        /// <summary>Where screenshots go, for eyes.</summary>
        public string Folder { get; } = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "../../../page")).FullName;

        public async ValueTask InitializeAsync() => await Relay.TalkAsync();

        public ValueTask DisposeAsync() => Relay.DisposeAsync();
    }
}
