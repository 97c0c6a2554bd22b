using static Microsoft.Playwright.Assertions;

namespace WgProxy.Page.Tests;

/// <summary>The status page of relays that end, and that do not show sessions.</summary>
public sealed class OtherRelayTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task It_says_that_the_relay_does_not_answer_and_goes_on_when_it_does()
    {
        Chromium.Need();
        await using Relay relay = new(showsSessions: true);
        await relay.TalkAsync();
        WatchedPage page = await chromium.OpenAsync(relay.Address);
        await Expect(page.Row("sessions", "alice-phone")).ToHaveCountAsync(1);
        relay.Kill();
        await Expect(page.Page.Locator("#state")).ToHaveTextAsync("Not answering");
        await Expect(page.Page.Locator("#away")).ToContainTextAsync("The relay does not answer. What you see is from ");
        await Expect(page.Page.Locator("#wait")).ToContainTextAsync("again in ");
        await Expect(page.Row("sessions", "alice-phone")).ToHaveCountAsync(1);
        relay.StartAgain();
        await page.LiveAsync();
        await Expect(page.Page.Locator("#away")).ToBeHiddenAsync();
        await Expect(page.Page.Locator("#now > div").Nth(2).Locator("dd").First).ToHaveTextAsync("0");
        await Expect(page.Row("sessions", "alice-phone")).ToHaveCountAsync(0);
        await page.CloseAsync();
    }

    [Fact]
    public async Task Without_MetricsSessions_it_shows_names_and_no_clients_address()
    {
        Chromium.Need();
        await using Relay relay = new(showsSessions: false);
        await relay.TalkAsync();
        WatchedPage page = await chromium.OpenAsync(relay.Address);
        await Expect(page.Row("peers", "alice-phone")).ToHaveCountAsync(1);
        await Expect(page.Page.Locator("#sessions")).ToBeHiddenAsync();
        Assert.DoesNotContain(relay.FirstClient, await page.Page.ContentAsync(), StringComparison.Ordinal);
        await page.CloseAsync();
    }
}
