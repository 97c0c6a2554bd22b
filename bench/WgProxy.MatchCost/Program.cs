using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using WgProxy.Bench;
using WgProxy.Core.Protocol;
using WgProxy.Linux.Native;

namespace WgProxy.MatchCost;

/// <summary>
/// What it costs to find out to which of many keys an initiation belongs, by each way that this program has on this processor.
/// The ways take turns in every round, so that whatever else the machine does meets all of them.
/// <code>wgproxy-match-cost [ROUNDS [REVISION]]</code>, or, for the same through a whole relay, <code>wgproxy-match-cost relay [ROUNDS [REVISION]]</code>
/// </summary>
internal static class Program
{
    private const double LeastMicroseconds = 200;

    private static readonly int[] Sizes = [1, 2, 4, 16, 256, 1_000];

    private static int Main(string[] arguments)
    {
        if (arguments is ["relay", .. string[] rest])
        {
            return RelayCost.Run(rest);
        }

        int rounds = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 201;
        Mac1[] keys = [.. Enumerable.Range(0, Sizes[^1] + 1).Select(_ => NewKey())];
        Console.WriteLine(Provenance.Head("many-keys", arguments.Length > 1 ? arguments[1] : "?"));
        Console.WriteLine(RuntimeFeature.IsDynamicCodeSupported ? "Framework form." : "Native form.");
        foreach (string message in (string[])["of nobody", "of the last key", "of the first key"])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nAn initiation {message}, ns: median of {rounds} rounds (least)\n"));
            Console.WriteLine($"| keys | {string.Join(" | ", Ways([]).Select(way => way.Name))} |");
            Console.WriteLine($"| --- |{string.Concat(Ways([]).Select(_ => " --- |"))}");
            foreach (int size in Sizes)
            {
                Mac1 key = message switch { "of nobody" => keys[^1], "of the last key" => keys[size - 1], _ => keys[0] };
                Way[] ways = [.. Ways(keys[..size])];
                Measure(ways, Initiation(key), Array.IndexOf(keys[..size], key), rounds);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {size:N0} | {string.Join(" | ", ways.Select(way => way.Cell))} |"));
                if (size == Sizes[^1])
                {
                    Console.WriteLine($"| a second | {string.Join(" | ", ways.Select(way => string.Create(CultureInfo.InvariantCulture, $"{1e9 / way.Median:N0}")))} |");
                    Console.WriteLine($"| the loop is | {string.Join(" | ", ways.Select(way => string.Create(CultureInfo.InvariantCulture, $"{ways[0].Median / way.Median:0.0} ×")))} |");
                }
            }
        }

        return 0;
    }

    private static IEnumerable<Way> Ways(Mac1[] keys)
    {
        yield return new Way("loop over Mac1.Verify", message => Array.FindIndex(keys, key => key.Verify(message)));
        foreach (IMac1Matcher matcher in NativeMac1Matcher.All.Concat(Mac1Matchers.All))
        {
            Mac1Set set = new(matcher);
            foreach (Mac1 key in keys)
            {
                set.Add(key);
            }

            yield return new Way(matcher.Name, message => set.Match(message));
        }
    }

    internal static void Measure(IReadOnlyList<Way> ways, byte[] message, int expected, int rounds)
    {
        foreach (Way way in ways)
        {
            if (way.Match(message) != expected)
            {
                throw new InvalidOperationException($"{way.Name} found the key at {way.Match(message)} instead of {expected}.");
            }

            for (way.Repeats = 1; way.Time(message) * way.Repeats / 1e3 < LeastMicroseconds; way.Repeats *= 2)
            {
            }
        }

        for (int round = 0; round < rounds; round++)
        {
            foreach (Way way in ways)
            {
                way.Nanoseconds.Add(way.Time(message));
            }
        }
    }

    internal static byte[] Initiation(Mac1 key)
    {
        byte[] message = new byte[WireGuard.InitiationSize];
        RandomNumberGenerator.Fill(message);
        BinaryPrimitives.WriteUInt32LittleEndian(message, WireGuard.InitiationType);
        key.Write(message);
        return message;
    }

    internal static PublicKey NewPublicKey() =>
        PublicKey.TryParse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(WireGuard.PublicKeySize)), out PublicKey? key, out string? error)
            ? key
            : throw new InvalidOperationException(error);

    private static Mac1 NewKey() => new(NewPublicKey());
}
