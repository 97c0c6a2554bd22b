namespace WgProxy.Page.Tests;

/// <summary>The system's Chromium without a window, one for all tests.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where it is; null if it is not installed.</summary>
    private static string? Program { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .SelectMany(folder => (string[])[Path.Combine(folder, "chromium"), Path.Combine(folder, "chromium-browser")])
        .FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Program is not null)
        {
            Assertions.SetDefaultExpectTimeout(20_000);
            _playwright = await Playwright.CreateAsync();

            // Whoever runs the tests as root has no sandbox for them. The pages are our own.
            _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Program, ChromiumSandbox = false });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A page that is watched.</summary>
    /// <remarks><c>answer</c> changes what the relay says to it.</remarks>
    internal async Task<WatchedPage> OpenAsync(Uri address, BrowserNewContextOptions? options = null, Func<string, string>? answer = null)
    {
        IBrowserContext context = await _browser!.NewContextAsync(options ?? new BrowserNewContextOptions());
        context.SetDefaultTimeout(15_000);
        WatchedPage page = new(await context.NewPageAsync(), address);
        if (answer is not null)
        {
            await page.Page.RouteAsync("**/v1/*", async route =>
            {
                IAPIResponse response = await route.FetchAsync();
                await route.FulfillAsync(new RouteFulfillOptions { Response = response, Body = answer(await response.TextAsync()) });
            });
        }

        await page.Page.GotoAsync(address.ToString());
        await page.LiveAsync();
        return page;
    }

    /// <summary>Skips a test where there is none.</summary>
    public static void Need() => Assert.SkipWhen(Program is null, "needs chromium (apt package chromium)");
}

/// <summary>An open page, and what it did that it must not do.</summary>
internal sealed class WatchedPage
{
    private readonly List<string> _wrong = [];

    public WatchedPage(IPage page, Uri address)
    {
        Page = page;
        page.Request += (_, request) =>
        {
            Requests++;
            if (!request.Url.StartsWith(address.ToString(), StringComparison.Ordinal))
            {
                Wrong($"asks {request.Url}");
            }
        };
        page.Console += (_, message) =>
        {
            // That there are no sessions is the answer to a question.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource: ", StringComparison.Ordinal))
            {
                Wrong(message.Text);
            }
        };
        page.PageError += (_, error) => Wrong(error);
        page.Dialog += (_, dialog) => Wrong(dialog.Message);
    }

    public IPage Page { get; }

    /// <summary>How many requests it has made.</summary>
    public int Requests { get; private set; }

    /// <summary>Awaits that the relay has answered it.</summary>
    public Task LiveAsync() => Assertions.Expect(Page.Locator("#state")).ToHaveTextAsync("Live");

    /// <summary>The row of a table whose head is this.</summary>
    public ILocator Row(string section, string head) =>
        Page.Locator($"#{section} tbody tr").Filter(new LocatorFilterOptions { Has = Page.Locator("th > span").GetByText(head, new LocatorGetByTextOptions { Exact = true }) });

    /// <summary>Asserts that nothing was wrong until now, and closes it.</summary>
    public async Task CloseAsync()
    {
        await Page.Context.CloseAsync();
        lock (_wrong)
        {
            Assert.Empty(_wrong);
        }
    }

    private void Wrong(string what)
    {
        lock (_wrong)
        {
            _wrong.Add(what);
        }
    }
}
