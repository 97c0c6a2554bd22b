using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class EngineSeedsTests
{
    private static readonly EngineSeeds Seeds = new()
    {
        Steering = (1, 2),
        Hash = (3, 4),
        Cookie = (5, 6),
        Nonce = (ulong.MaxValue, 8),
        Ports = (9, 10),
        Strangers = (11, 12),
    };

    [Fact]
    public void Workers_share_what_they_must_agree_on_and_number_the_rest_on()
    {
        EngineSeeds[] workers = [.. Enumerable.Range(0, 3).Select(Seeds.OfWorker)];
        Assert.All(workers, each => Assert.Equal((Seeds.Steering, Seeds.Cookie, Seeds.Strangers), (each.Steering, each.Cookie, each.Strangers)));
        Assert.Equal(3, workers.Select(each => each.Hash).Distinct().Count());
        Assert.Equal(3, workers.Select(each => each.Nonce).Distinct().Count());
        Assert.Equal(3, workers.Select(each => each.Ports).Distinct().Count());
    }

    [Fact]
    public void A_source_of_bits_fills_each_seed_with_its_own()
    {
        int calls = 0;
        EngineSeeds drawn = EngineSeeds.From(bytes =>
        {
            calls++;
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)(i + 1);
            }
        });
        (ulong K0, ulong K1)[] seeds = [drawn.Steering, drawn.Hash, drawn.Cookie, drawn.Nonce, drawn.Ports, drawn.Strangers];
        Assert.Equal(1, calls);
        Assert.Equal(2 * seeds.Length, seeds.SelectMany(seed => (ulong[])[seed.K0, seed.K1]).Distinct().Count());
        Assert.All(seeds, seed => Assert.All(BitConverter.GetBytes(seed.K0).Concat(BitConverter.GetBytes(seed.K1)), each => Assert.NotEqual(0, each)));
    }

    [Fact]
    public void The_relay_gets_its_own_of_them()
    {
        RelaySettings relay = new EngineSettings { Listen = [new IPEndPoint(IPAddress.Any, 0)], Routes = [], Seeds = Seeds }.SeededRelay;
        Assert.Equal((Seeds.Hash, Seeds.Cookie, Seeds.Nonce), (relay.HashSeed, relay.CookieSeed, relay.NonceSeed));
    }
}
