using System.Globalization;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests.Protocol;

public sealed class Mac1SetTests
{
    private static readonly Mac1[] Keys = [.. Enumerable.Range(0, 1_000).Select(number => NewKey(new Random(number)))];

    /// <summary>Everything that .NET can run here; what is compiled ahead of time is judged in WgProxy.Linux.Tests.</summary>
    public static TheoryData<string> Matchers => [.. Mac1Matchers.All.Select(matcher => matcher.Name)];

    [Fact]
    public void The_widest_vectors_come_first()
    {
        int[] keys = [.. Mac1Matchers.All.Select(matcher => matcher.KeysPerStep)];
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"measured: mac1 of many keys is compared with {Mac1Matchers.Best.Name}, {keys[0]} at once; there are {string.Join(", ", Mac1Matchers.All.Select(matcher => matcher.Name))}");
        Assert.Equal(keys.OrderDescending(), keys);
        Assert.All(keys, each => Assert.Equal(0, Mac1Group.Keys % each));
        Assert.Equal(1, keys[^1]);
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void Finds_the_key_at_every_position_of_sets_of_every_size(string name)
    {
        foreach (int size in (int[])[0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 1_000])
        {
            Mac1Set set = Filled(name, size);
            Assert.Equal((size, size), (set.Count, set.End));
            for (int position = 0; position < size; position++)
            {
                Assert.Equal(position, set.Match(WireMessages.Initiation(Keys[position], 1)));
                Assert.Equal(position, set.Match(WireMessages.Response(1, 2, Keys[position])));
            }

            if (size < Keys.Length)
            {
                Assert.Equal(-1, set.Match(WireMessages.Initiation(Keys[size], 1)));
                Assert.Equal(-1, set.Match(WireMessages.Response(1, 2, Keys[size])));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void Agrees_with_Mac1_on_every_near_miss(string name)
    {
        Mac1Set set = Filled(name, 37);
        foreach (int position in (int[])[0, 15, 16, 36])
        {
            foreach (byte[] message in (byte[][])[WireMessages.Initiation(Keys[position], 1), WireMessages.Response(1, 2, Keys[position])])
            {
                for (int bit = 0; bit < message.Length * 8; bit++)
                {
                    message[bit / 8] ^= (byte)(1 << (bit % 8));
                    Assert.Equal(Keys[position].Verify(message) ? position : -1, set.Match(message));
                    message[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void Agrees_with_a_list_while_keys_come_and_go(string name)
    {
        Random random = new(34);
        Mac1Set set = new(Of(name));
        List<Mac1?> list = [];
        for (int turn = 0; turn < 5_000; turn++)
        {
            int position = random.Next(list.Count + 1);
            switch (random.Next(4))
            {
                // Half of the time it grows, half of it it shrinks.
                case 0 when turn / 500 % 2 == 0:
                case 1 when turn / 500 % 2 == 0:
                    Mac1 added = Keys[random.Next(Keys.Length)];
                    int free = list.IndexOf(null);
                    Assert.Equal(free < 0 ? list.Count : free, set.Add(added));
                    if (free < 0)
                    {
                        list.Add(added);
                    }
                    else
                    {
                        list[free] = added;
                    }

                    break;
                case 2 when position < list.Count && list[position] is not null:
                    list[position] = Keys[random.Next(Keys.Length)];
                    set.Put(position, list[position]!);
                    break;
                case 3 when position < list.Count && list[position] is not null:
                    byte[] forTheRemoved = WireMessages.Initiation(list[position]!, 1);
                    list[position] = null;
                    set.Remove(position);
                    Assert.Equal(FirstOf(list, forTheRemoved), set.Match(forTheRemoved));
                    break;
            }

            Assert.Equal(list.Count(key => key is not null), set.Count);
            Assert.Equal(list.FindLastIndex(key => key is not null) + 1, set.End);
            byte[] message = WireMessages.Initiation(list.Count > 0 && list[random.Next(list.Count)] is { } key ? key : Keys[random.Next(Keys.Length)], 1);
            Assert.Equal(FirstOf(list, message), set.Match(message));
        }
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void Of_equal_keys_the_first_is_found(string name)
    {
        Mac1Set set = Filled(name, 40);
        Assert.Equal(40, set.Add(Keys[3]));
        byte[] message = WireMessages.Initiation(Keys[3], 1);
        Assert.Equal(3, set.Match(message));
        set.Remove(3);
        Assert.Equal(40, set.Match(message));
    }

    // A lane without a key holds zeros. Anybody can compute which mac1 they make.
    [Theory]
    [MemberData(nameof(Matchers))]
    public void Nothing_matches_where_there_is_no_key(string name)
    {
        byte[] message = WireMessages.Initiation(Keys[0], 1);
        uint[] state = new uint[8];
        Blake2s.Finish(state, Blake2s.BlockSize, message.AsSpan(0, 116), message.AsSpan(116, 16), vectorised: false);
        uint[] groups = new uint[Mac1Group.Words];
        Assert.Equal(0, Of(name).Match(groups, 16, message));

        Mac1Set set = Filled(name, 16);
        set.Remove(7);
        Assert.Equal(-1, set.Match(message));
        Assert.Equal(-1, new Mac1Set(Of(name)).Match(message));
        Assert.Equal(-1, Filled(name, 17).Match(message));
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void Everything_but_a_handshake_message_belongs_to_nobody(string name)
    {
        foreach (int size in (int[])[1, 20])
        {
            Mac1Set set = Filled(name, size);
            Assert.Equal(-1, set.Match(WireMessages.Response(1, 2, Keys[0]).AsSpan(0, 91)));
            Assert.Equal(-1, set.Match(WireMessages.Initiation(Keys[0], 1).AsSpan(0, 147)));
            Assert.Equal(-1, set.Match([.. WireMessages.Initiation(Keys[0], 1), 0]));
            Assert.Equal(-1, set.Match([]));
        }
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void A_key_goes_where_it_is_put(string name)
    {
        Mac1Set set = new(Of(name));
        set.Put(77, Keys[0]);
        set.Put(3, Keys[1]);
        set.Put(77, Keys[2]);
        Assert.Equal((2, 78), (set.Count, set.End));
        Assert.Equal(-1, set.Match(WireMessages.Initiation(Keys[0], 1)));
        Assert.Equal(3, set.Match(WireMessages.Initiation(Keys[1], 1)));
        Assert.Equal(77, set.Match(WireMessages.Initiation(Keys[2], 1)));
        Assert.Equal(0, set.Add(Keys[0]));
    }

    [Fact]
    public void A_position_without_a_key_cannot_be_removed()
    {
        Mac1Set set = new();
        Assert.Throws<ArgumentException>(() => set.Remove(0));
        Assert.Throws<ArgumentException>(() => set.Remove(16));
        Assert.Throws<ArgumentException>(() => set.Remove(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Put(-1, Keys[0]));
    }

    // The work is counted by what is found: a key that lies right behind the last step is not.
    [Theory]
    [MemberData(nameof(Matchers))]
    public void It_takes_no_more_steps_than_the_keys_need(string name)
    {
        IMac1Matcher matcher = Of(name);
        uint[] groups = new uint[Mac1Group.CountFor(1_024) * Mac1Group.Words];
        groups.AsSpan().Fill(Mac1Group.Vacant);
        foreach (int count in (int[])[0, 1, 4, 5, 8, 9, 16, 17, 999, 1_000])
        {
            int steps = (count + matcher.KeysPerStep - 1) / matcher.KeysPerStep;
            int behind = steps * matcher.KeysPerStep;
            Put(groups, behind, Keys[0]);
            byte[] message = WireMessages.Initiation(Keys[0], 1);
            Assert.Equal(-1, matcher.Match(groups, count, message));
            Assert.Equal(behind, matcher.Match(groups, behind + 1, message));
            groups[Mac1Group.IndexOf(behind, Mac1Group.VacancyRow)] = Mac1Group.Vacant;
            if (count == 1_000)
            {
                TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"measured: {name}: {steps} steps for {count} keys"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void What_is_behind_the_last_key_is_not_looked_at(string name)
    {
        LastCount last = new(Of(name));
        Mac1Set set = new(last);
        foreach (Mac1 key in Keys)
        {
            set.Add(key);
        }

        byte[] message = WireMessages.Initiation(Keys[3], 1);
        message[20] ^= 1;
        Assert.Equal(-1, set.Match(message));
        Assert.Equal(1_000, last.Count);
        for (int position = 20; position < 1_000; position++)
        {
            set.Remove(position);
        }

        Assert.Equal(-1, set.Match(message));
        Assert.Equal(20, last.Count);
    }

    [Theory]
    [MemberData(nameof(Matchers))]
    public void Looking_allocates_nothing(string name)
    {
        Optimised.SkipUnless(typeof(Mac1Set).Assembly);
        Mac1Set set = Filled(name, 100);
        byte[] message = WireMessages.Initiation(Keys[99], 1);
        int sum = 0;
        Assert.Equal(0, Allocated.InBestOf(5, () => sum += set.Match(message)));
        Assert.True(sum > 0);
    }

    private static int FirstOf(List<Mac1?> list, byte[] message) => list.FindIndex(key => key is not null && key.Verify(message));

    private static IMac1Matcher Of(string name) => Mac1Matchers.All.Single(matcher => name.Equals(matcher.Name, StringComparison.Ordinal));

    private static Mac1Set Filled(string name, int size)
    {
        Mac1Set set = new(Of(name));
        for (int position = 0; position < size; position++)
        {
            Assert.Equal(position, set.Add(Keys[position]));
        }

        return set;
    }

    private static Mac1 NewKey(Random random) => new(CapturedHandshake.Key(Convert.ToBase64String(Blake2sTests.Bytes(random, 32))));

    private static void Put(Span<uint> groups, int position, Mac1 key)
    {
        Span<uint> state = stackalloc uint[8];
        key.CopyStateTo(state);
        for (int row = 0; row < state.Length; row++)
        {
            groups[Mac1Group.IndexOf(position, row)] = state[row];
        }

        groups[Mac1Group.IndexOf(position, Mac1Group.VacancyRow)] = 0;
    }

    private sealed class LastCount(IMac1Matcher matcher) : IMac1Matcher
    {
        public int Count { get; private set; }

        public string Name => matcher.Name;

        public int KeysPerStep => matcher.KeysPerStep;

        public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
        {
            Count = count;
            return matcher.Match(groups, count, message);
        }
    }
}
