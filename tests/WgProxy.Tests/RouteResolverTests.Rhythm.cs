using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine.Batching;
using WgProxy.Logging;
using WgProxy.Configuration;
using WgProxy.Resolving;

namespace WgProxy.Tests;

// When the resolver asks, and what it does with answers that come late or never.
public sealed partial class RouteResolverTests
{
    [Fact]
    public async Task A_sign_brings_the_question_forward_at_most_once_in_four_seconds()
    {
        Task run = Run(answer: ["192.0.2.1"]);
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        for (int question = 2; question <= 5; question++)
        {
            for (int sign = 0; sign < 1_000; sign++)
            {
                _resolver!.ResolveSoon();
            }

            await AlarmIsAsync(TimeSpan.FromSeconds(4));
            Assert.Equal(question - 1, _asked);
            _time.Advance(TimeSpan.FromSeconds(4));
            await AlarmIsAsync(Minute);
            Assert.Equal(question, _asked);
        }

        // Later than that it leaves at once.
        _time.Advance(TimeSpan.FromSeconds(30));
        _resolver!.ResolveSoon();
        await AskedAsync(6);
        await StopAsync(run);
    }

    [Fact]
    public async Task The_operators_word_brings_the_question_forward_at_once()
    {
        Task run = Run(answer: ["192.0.2.1"]);
        _answer = ["192.0.2.2"];
        _resolver!.ResolveSoon();
        _resolver.ResolveNow();
        _resolver.ResolveSoon();
        await AskedAsync(2);
        await AlarmIsAsync(Minute);
        Assert.Equal("192.0.2.2:51820", Published);
        await StopAsync(run);
    }

    [Fact]
    public async Task A_question_that_hangs_for_ever_holds_up_no_later_one()
    {
        _hangs = true;
        Task run = Run();
        foreach (int pause in (int[])[8, 16, 32, 64, 128])
        {
            await AlarmIsAsync(TimeSpan.FromSeconds(pause));
            _time.Advance(TimeSpan.FromSeconds(pause));
        }

        await AskedAsync(6);
        _hangs = false;
        _answer = ["192.0.2.1"];
        _resolver!.ResolveSoon();
        await AlarmIsAsync(TimeSpan.FromSeconds(4));
        _time.Advance(TimeSpan.FromSeconds(4));
        await AlarmIsAsync(Minute);
        Assert.Equal("192.0.2.1:51820", Published);

        // What comes at last is older than what is known.
        _open[5].SetResult([IPAddress.Parse("192.0.2.9")]);
        await NextRoundAsync("192.0.2.1");
        Assert.Equal("192.0.2.1:51820", Published);
        await StopAsync(run);
    }

    [Fact]
    public async Task Questions_that_hang_for_days_end_nothing()
    {
        _hangs = true;
        Task run = Run();
        for (int asked = 1; asked < 50; asked++)
        {
            TimeSpan pause = TimeSpan.FromSeconds(Math.Min(8 * Math.Pow(2, asked - 1), 3600));
            await AlarmIsAsync(pause);
            _time.Advance(pause);
            await AskedAsync(asked + 1);
        }

        Assert.False(run.IsCompleted);
        await StopAsync(run);
    }

    [Fact]
    public async Task A_slow_answer_counts_until_there_is_a_newer_one()
    {
        _hangs = true;
        Task run = Run();
        await AlarmIsAsync(TimeSpan.FromSeconds(8));
        _time.Advance(TimeSpan.FromSeconds(8));
        await AskedAsync(2);
        _open[0].SetResult([IPAddress.Parse("192.0.2.1")]);
        await AlarmIsAsync(Minute);
        Assert.Equal("192.0.2.1:51820", Published);
        _open[1].SetResult([IPAddress.Parse("192.0.2.2")]);
        await PublishedIsAsync("192.0.2.2:51820");
        await StopAsync(run);
    }

    [Fact]
    public async Task An_interface_is_waited_for_and_followed_when_it_is_made_anew()
    {
        _answer = null;
        Task run = Run("[fe80::1%wg9]:51820");
        Assert.Equal(TimeSpan.FromSeconds(1), await _time.NextAlarmAsync());
        _answer = ["fe80::1%7"];
        _time.Advance(TimeSpan.FromSeconds(1));
        await AlarmIsAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("[fe80::1%7]:51820", Published);
        _answer = ["fe80::1%9"];
        _time.Advance(TimeSpan.FromSeconds(5));
        await PublishedIsAsync("[fe80::1%9]:51820");
        await StopAsync(run);
    }

    [Fact]
    public async Task The_system_says_which_interface_there_is()
    {
        Assert.True(ServerName.TryParse("[fe80::1%lo]:51820", out ServerName there, out _));
        IPAddress found = Assert.Single(await HostLookup.AskAsync(there, CancellationToken.None));
        Assert.Equal("fe80::1", new IPAddress(found.GetAddressBytes()).ToString());
        Assert.NotEqual(0, found.ScopeId);
        Assert.True(ServerName.TryParse("[fe80::1%nosuch]:51820", out ServerName missing, out _));
        SocketException refusal = await Assert.ThrowsAsync<SocketException>(
            () => HostLookup.AskAsync(missing, CancellationToken.None));
        Assert.Equal("this host has no interface \"nosuch\"", refusal.Message);
    }

    [Fact]
    public async Task A_look_up_that_hangs_does_not_hold_up_the_end()
    {
        Assert.True(ServerName.TryParse("vpn.example:51820", out ServerName server, out _));
        TaskCompletionSource<IPAddress[]> never = new();
        RouteResolver resolver = new(_route, server, Own(), (_, _) => never.Task, _time, () => { }, _heard.Log);
        Task run = resolver.RunAsync(_stop.Token);
        await StopAsync(run);
        Assert.Empty(_heard.Lines);
    }
}
