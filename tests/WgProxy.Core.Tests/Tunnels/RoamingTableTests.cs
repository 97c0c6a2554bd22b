using System.Reflection;
using System.Security.Cryptography;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Tunnels;

public sealed class RoamingTableTests
{
    private const int Indices = 100_000;

    // What crowds a table without a key: equal low bits, equal high bits, runs.
    [Theory]
    [InlineData("stride of 2^15")]
    [InlineData("stride of 2^17")]
    [InlineData("one run")]
    [InlineData("multiples of the table's size")]
    public void Crafted_indices_are_found_as_fast_as_random_ones(string crafted)
    {
        uint[] chosen =
        [
            .. Enumerable.Range(0, Indices).Select(number => crafted switch
            {
                "stride of 2^15" => (uint)number << 15 | (uint)number >> 17,
                "stride of 2^17" => (uint)number << 17 | (uint)number >> 15,
                "one run" => (uint)number,
                _ => (uint)number << 18 | (uint)number >> 14,
            }),
        ];
        uint[] random =
        [
            .. Enumerable.Range(0, Indices).Select(_ => (uint)RandomNumberGenerator.GetInt32(int.MaxValue)).Distinct(),
        ];
        RoamingTable one = Filled(chosen);
        RoamingTable other = Filled(random);

        // Counted, not timed: what a look-up reads.
        (double mean, int most) = Walked(one, chosen);
        (double meanOfRandom, int mostOfRandom) = Walked(other, random);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"measured: a look-up of {Indices} crafted indices ({crafted}) reads {mean:0.00} entries, {most} at most; of random ones {meanOfRandom:0.00}, {mostOfRandom} at most");
        Assert.InRange(mean, 1, meanOfRandom * 1.1);
        Assert.InRange(most, 1, 25);
    }

    [Fact]
    public void An_index_leads_to_all_tunnels_that_have_it()
    {
        const int tunnels = 1_000;
        RoamingTable table = new(4 * tunnels, (1, 2));
        for (int tunnel = 0; tunnel < tunnels; tunnel++)
        {
            table.Add(0x51, tunnel);
            table.Add(0x52 + (uint)tunnel, tunnel);
        }

        Assert.Equal(Enumerable.Range(0, tunnels), TunnelsOf(table, 0x51).Order());
        Assert.Equal([7], TunnelsOf(table, 0x59));
        foreach (int tunnel in Enumerable.Range(0, tunnels).Where(tunnel => tunnel % 3 > 0))
        {
            table.Remove(0x51, tunnel);
        }

        table.Remove(0x51, 1);
        table.Remove(0x59, 8);
        Assert.Equal(Enumerable.Range(0, tunnels).Where(tunnel => tunnel % 3 == 0), TunnelsOf(table, 0x51).Order());
        Assert.Equal([7], TunnelsOf(table, 0x59));
        Assert.Empty(TunnelsOf(table, 0x51 - 1));
        Assert.Equal(tunnels + (tunnels / 3) + 1, table.Count);
    }

    private static List<int> TunnelsOf(RoamingTable table, uint index)
    {
        List<int> found = [];
        for (int entry = table.First(index); entry >= 0; entry = table.Next(index, entry))
        {
            found.Add(table.TunnelAt(entry));
        }

        return found;
    }

    private static RoamingTable Filled(uint[] indices)
    {
        RoamingTable table = new(Indices, ((ulong)Random.Shared.NextInt64(), (ulong)Random.Shared.NextInt64()));
        for (int tunnel = 0; tunnel < indices.Length; tunnel++)
        {
            table.Add(indices[tunnel], tunnel);
        }

        return table;
    }

    /// <summary>How many entries the look-ups of all indices read, on average and at most. Each is found.</summary>
    private static (double Mean, int Most) Walked(RoamingTable table, uint[] indices)
    {
        // The table itself does not count: it is the data path's.
        const BindingFlags hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        object entries = typeof(RoamingTable).GetField("_entries", hidden)!.GetValue(table)!;
        Func<ulong, int> first = entries.GetType().GetMethod("First")!.CreateDelegate<Func<ulong, int>>(entries);
        Func<int, int> next = entries.GetType().GetMethod("Next")!.CreateDelegate<Func<int, int>>(entries);
        Func<uint, ulong> hash = typeof(RoamingTable).GetMethod("Hash", hidden)!.CreateDelegate<Func<uint, ulong>>(table);
        long read = 0;
        int most = 0;
        for (int tunnel = 0; tunnel < indices.Length; tunnel++)
        {
            int entry = first(hash(indices[tunnel]));
            int walked = 1;
            while (table.TunnelAt(entry) != tunnel)
            {
                entry = next(entry);
                walked++;
            }

            Assert.Equal(entry, table.First(indices[tunnel]));
            read += walked;
            most = Math.Max(most, walked);
        }

        return ((double)read / indices.Length, most);
    }
}
