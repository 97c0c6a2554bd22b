using System.Net;
using WgProxy.Configuration;
using WgProxy.Resolving;

namespace WgProxy.Tests;

public sealed class LookUpPlacesTests
{
    private readonly FakeTime _time = new();
    private readonly List<TaskCompletionSource<IPAddress[]>> _asked = [];
    private readonly LookUpPlaces _places;

    public LookUpPlacesTests() => _places = new LookUpPlaces(Ask, _time);

    [Fact]
    public async Task A_thousand_names_are_looked_up_a_few_at_once()
    {
        Task<IPAddress[]>[] answers = [.. Enumerable.Range(0, 1_000).Select(number => _places.AskAsync(Named($"s{number}.example"), Cancel))];
        for (int answered = 0; answered < answers.Length; answered++)
        {
            await CountAsync(Math.Min(answers.Length, answered + LookUpPlaces.Count));
            Task<IPAddress[]> next = answers[answered];
            _asked[answered].SetResult([IPAddress.Loopback]);
            Assert.Equal([IPAddress.Loopback], await next.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        }
    }

    [Fact]
    public async Task Names_that_are_never_answered_hold_up_no_other_for_long()
    {
        Task<IPAddress[]>[] stuck = [.. Enumerable.Range(0, LookUpPlaces.Count + 1).Select(number => _places.AskAsync(Named($"s{number}.example"), Cancel))];
        await CountAsync(LookUpPlaces.Count);
        Assert.All(stuck, each => Assert.False(each.IsCompleted));
        _time.Advance(TimeSpan.FromSeconds(15));
        await CountAsync(LookUpPlaces.Count + 1);
    }

    [Fact]
    public async Task An_address_needs_no_place()
    {
        _ = Enumerable.Range(0, LookUpPlaces.Count).Select(number => _places.AskAsync(Named($"s{number}.example"), Cancel)).ToArray();
        await CountAsync(LookUpPlaces.Count);
        _ = _places.AskAsync(new ServerName("192.0.2.1", 1, IPAddress.Parse("192.0.2.1")), Cancel);
        Assert.Equal(LookUpPlaces.Count + 1, _asked.Count);
    }

    [Fact]
    public async Task A_look_up_that_cannot_begin_gives_its_place_back()
    {
        bool refuses = true;
        LookUpPlaces places = new((_, _) => refuses ? throw new TaskSchedulerException() : Task.FromResult<IPAddress[]>([IPAddress.Loopback]), _time);
        for (int i = 0; i < 3 * LookUpPlaces.Count; i++)
        {
            await Assert.ThrowsAsync<TaskSchedulerException>(() => places.AskAsync(Named("s.example"), Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        }

        refuses = false;
        Assert.Equal([IPAddress.Loopback], await places.AskAsync(Named("s.example"), Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ServerName Named(string host) => new(host, 1, null);

    private Task<IPAddress[]> Ask(ServerName server, CancellationToken stop)
    {
        lock (_asked)
        {
            _asked.Add(new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously));
            return _asked[^1].Task;
        }
    }

    /// <summary>Waits until so many were asked, and asserts that they are no more.</summary>
    private async Task CountAsync(int expected)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        while (Asked < expected)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.Equal(expected, Asked);
    }

    private int Asked
    {
        get
        {
            lock (_asked)
            {
                return _asked.Count;
            }
        }
    }
}
