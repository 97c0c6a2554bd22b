using WgProxy.Core.Containers;

namespace WgProxy.Core.Tests.Containers;

/// <summary>LinearHashTable, against a dictionary.</summary>
public sealed class LinearHashTableTests
{
    private const int Capacity = 300;

    // Few hashes, so that chains are long; all of them, so that chains are divided well; none but the high bits, which
    // never choose a chain here, so that all is one chain.
    [Theory]
    [InlineData(0x1FUL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0xFFFF_FFFF_0000_0000UL)]
    public void They_hold_what_a_dictionary_holds(ulong bits)
    {
#pragma warning disable CA5394 // Sequences need to be repeatable, not secret.
        Random random = new(7);
        LinearHashTable<int> chains = new(Capacity);
        Dictionary<int, ulong> expected = [];
        for (int step = 0; step < 40_000; step++)
        {
            // Fuller for a while, then emptier: entries are freed and used again in another order.
            bool adds = random.Next(100) < (step / 5_000 % 2 == 0 ? 70 : 30);
            if (adds && expected.Count < Capacity)
            {
                ulong hash = (ulong)random.NextInt64() & bits;
                expected.Add(step, hash);
                chains.Add(hash, step);
            }
            else if (!adds && expected.Count > 0)
            {
                (int value, ulong hash) = expected.ElementAt(random.Next(expected.Count));
                expected.Remove(value);
                chains.Remove(Find(chains, hash, value));
            }

            Assert.Equal(expected.Count, chains.Count);
            if (step % 97 == 0)
            {
                Assert.All(expected, pair => Assert.True(Find(chains, pair.Value, pair.Key) >= 0));
                Assert.True(Find(chains, (ulong)random.NextInt64() & bits, -1) < 0);
            }
        }
#pragma warning restore CA5394
    }

    [Fact]
    public void A_chain_is_short_however_many_there_may_be()
    {
        LinearHashTable<int> chains = new(1 << 16);
        for (int i = 0; i < 1000; i++)
        {
            chains.Add((ulong)i * 0x9E37_79B9_7F4A_7C15UL, i);
        }

        int longest = Enumerable.Range(0, 1000).Max(i => Walk(chains, (ulong)i * 0x9E37_79B9_7F4A_7C15UL).Count());
        Assert.InRange(longest, 1, 10);
    }

    private static int Find(LinearHashTable<int> chains, ulong hash, int value)
    {
        int[] found = [.. Walk(chains, hash).Where(entry => chains[entry] == value)];
        Assert.True(found.Length <= 1);
        return found.Length == 1 ? found[0] : -1;
    }

    private static IEnumerable<int> Walk(LinearHashTable<int> chains, ulong hash)
    {
        for (int entry = chains.First(hash); entry >= 0; entry = chains.Next(entry))
        {
            yield return entry;
        }
    }
}
