using System.Diagnostics;
using System.Security.Cryptography;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Tunnels;

public sealed class RoamingTableTests
{
    private const int Indices = 100_000;
    private const int LookUps = 64;

    // What crowds a table without a key: equal low bits, equal high bits, runs.
    [Theory]
    [InlineData("stride of 2^15")]
    [InlineData("stride of 2^17")]
    [InlineData("one run")]
    [InlineData("multiples of the table's size, by route")]
    public void Crafted_indices_are_found_as_fast_as_random_ones(string crafted)
    {
        (int Route, uint Index)[] chosen =
        [
            .. Enumerable.Range(0, Indices).Select(number => crafted switch
            {
                "stride of 2^15" => (0, (uint)number << 15 | (uint)number >> 17),
                "stride of 2^17" => (0, (uint)number << 17 | (uint)number >> 15),
                "one run" => (0, (uint)number),
                _ => (number >> 14, (uint)number << 18),
            }),
        ];
        (int Route, uint Index)[] random =
        [
            .. Enumerable.Range(0, Indices).Select(_ => (0, (uint)RandomNumberGenerator.GetInt32(int.MaxValue))).Distinct(),
        ];
        RoamingTable one = Filled(chosen);
        RoamingTable other = Filled(random);

        // The median of several rounds, taken in turns: whatever else the machine does slows both.
        double[] ratios = [.. Enumerable.Range(0, 9).Select(_ => Percentile99(one, chosen) / Percentile99(other, random)).Order()];
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"measured: look-up p99 of {Indices} crafted indices ({crafted}): {ratios[4]:0.00} times that of random ones");
        Assert.True(ratios[4] < 3, string.Join(' ', ratios));
    }

    private static RoamingTable Filled((int Route, uint Index)[] indices)
    {
        RoamingTable table = new(Indices, ((ulong)Random.Shared.NextInt64(), (ulong)Random.Shared.NextInt64()));
        for (int tunnel = 0; tunnel < indices.Length; tunnel++)
        {
            Assert.True(table.TryAdd(indices[tunnel].Route, indices[tunnel].Index, tunnel));
        }

        return table;
    }

    private static double Percentile99(RoamingTable table, (int Route, uint Index)[] indices)
    {
        long[] taken = new long[indices.Length / LookUps];
        for (int batch = 0; batch < taken.Length; batch++)
        {
            long from = Stopwatch.GetTimestamp();
            for (int at = batch * LookUps; at < (batch + 1) * LookUps; at++)
            {
                Assert.True(table.Find(indices[at].Route, indices[at].Index) == at);
            }

            taken[batch] = Stopwatch.GetTimestamp() - from;
        }

        Array.Sort(taken);
        return taken[taken.Length * 99 / 100];
    }
}
