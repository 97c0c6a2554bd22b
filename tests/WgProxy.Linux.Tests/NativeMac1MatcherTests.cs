using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using WgProxy.Core.Protocol;
using WgProxy.Linux.Native;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>
/// <c>mac1_lanes.c</c> against .NET's own ways. The native form has it linked in; here it is compiled to a library by each
/// of the two compilers that link the native form.
/// </summary>
public sealed class NativeMac1MatcherTests
{
    private static readonly Mac1[] Keys = [.. Enumerable.Range(0, 1_000).Select(_ => NewKey())];

    private readonly ITestOutputHelper _output = TestContext.Current.TestOutputHelper!;

    /// <summary>The compilers that can link the native form, and the two widths.</summary>
    public static TheoryData<string, int> Ways => new() { { "gcc", 8 }, { "gcc", 16 }, { "clang", 8 }, { "clang", 16 } };

    /// <summary>Where the program is not for x86-64, there is nothing to call, and the object says so.</summary>
    [Fact]
    public void It_compiles_for_arm64_and_has_nothing_to_offer_there()
    {
        string assembly = Mac1Library.Compile("clang", "--target=aarch64-linux-gnu", "-ffreestanding", "-S");
        Assert.SkipWhen(assembly.Length == 0, "no clang on this machine");
        Assert.Contains(nameof(Mac1Lanes.wgproxy_mac1_lanes) + ":", assembly, StringComparison.Ordinal);
        Assert.Matches(@"wgproxy_mac1_lanes:((?!ret)[\s\S])*mov\s+w0, wzr", assembly);
        Assert.Matches(@"wgproxy_mac1_match:((?!ret)[\s\S])*mov\s+x0, xzr", assembly);
    }

    [Fact]
    public void Without_the_object_there_is_none() => Assert.Empty(NativeMac1Matcher.All);

    [Theory]
    [MemberData(nameof(Ways))]
    public void Finds_what_the_others_find_in_sets_of_every_size(string compiler, int lanes)
    {
        NativeMac1Matcher matcher = Mac1Library.Matcher(compiler, lanes);
        Mac1Set native = new(matcher);
        for (int size = 1; size <= Keys.Length; size++)
        {
            Assert.Equal(size - 1, native.Add(Keys[size - 1]));
            if (size is > 70 and < 990)
            {
                continue;
            }

            Assert.Equal(size - 1, native.Match(WireMessages.Initiation(Keys[size - 1], 1)));
            Assert.Equal(size - 1, native.Match(WireMessages.Response(1, 2, Keys[size - 1])));
            Assert.Equal(size / 2, native.Match(WireMessages.Initiation(Keys[size / 2], 1)));
            Assert.Equal(0, native.Match(WireMessages.Initiation(Keys[0], 1)));
            Assert.Equal(-1, native.Match(WireMessages.New(1, WireMessages.InitiationLength)));
        }

        for (int position = 0; position < Keys.Length; position++)
        {
            Assert.Equal(position, native.Match(WireMessages.Initiation(Keys[position], 1)));
            Assert.Equal(position, native.Match(WireMessages.Response(1, 2, Keys[position])));
        }

        _output.WriteLine($"measured: {matcher.Name} by {compiler}, {matcher.KeysPerStep} keys a step, agrees with {Mac1Matchers.Best.Name}");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Refuses_every_near_miss(string compiler, int lanes)
    {
        Mac1Set set = new(Mac1Library.Matcher(compiler, lanes));
        foreach (Mac1 key in Keys[..35])
        {
            set.Add(key);
        }

        byte[] message = WireMessages.Initiation(Keys[34], 1);
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            message[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(Keys[34].Verify(message) ? 34 : -1, set.Match(message));
            message[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Agrees_with_one_key_after_the_other_while_keys_come_and_go(string compiler, int lanes)
    {
        Random random = new(lanes);
        Mac1Set native = new(Mac1Library.Matcher(compiler, lanes));
        Mac1Set plain = new(Mac1Matchers.All[^1]);
        HashSet<int> held = [];
        for (int turn = 0; turn < 3_000; turn++)
        {
            int position = random.Next(100);
            Mac1 key = Keys[random.Next(150)];
            if (held.Contains(position) && turn % 3 != 0)
            {
                native.Remove(position);
                plain.Remove(position);
                held.Remove(position);
            }
            else
            {
                native.Put(position, key);
                plain.Put(position, key);
                held.Add(position);
            }

            byte[] message = WireMessages.Initiation(turn % 2 == 0 ? key : Keys[random.Next(150)], 1);
            Assert.Equal(plain.Match(message), native.Match(message));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_key_that_is_said_not_to_be_there_is_not_found(string compiler, int lanes)
    {
        NativeMac1Matcher matcher = Mac1Library.Matcher(compiler, lanes);
        Copy copy = new();
        Mac1Set set = new(copy);
        foreach (Mac1 key in Keys[..32])
        {
            set.Add(key);
        }

        byte[] message = WireMessages.Initiation(Keys[21], 1);
        set.Match(message);
        Assert.Equal(21, matcher.Match(copy.Groups, 32, message));
        copy.Groups[Mac1Group.Words + (Mac1Group.VacancyRow * Mac1Group.Keys) + 5] = Mac1Group.Vacant;
        Assert.Equal(-1, matcher.Match(copy.Groups, 32, message));
    }

    // The work is counted by what is found: a key that lies right behind the last step is not.
    [Theory]
    [MemberData(nameof(Ways))]
    public void It_takes_no_more_steps_than_the_keys_need(string compiler, int lanes)
    {
        NativeMac1Matcher matcher = Mac1Library.Matcher(compiler, lanes);
        Copy copy = new();
        Mac1Set set = new(copy);
        foreach (Mac1 key in Keys)
        {
            set.Add(key);
        }

        foreach (int steps in (int[])[1, 2, 3, 61, 62])
        {
            int behind = steps * lanes;
            byte[] message = WireMessages.Initiation(Keys[behind], 1);
            set.Match(message);
            Assert.Equal(-1, matcher.Match(copy.Groups, behind - lanes + 1, message));
            Assert.Equal(-1, matcher.Match(copy.Groups, behind, message));
            Assert.Equal(behind, matcher.Match(copy.Groups, behind + 1, message));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Looking_allocates_nothing(string compiler, int lanes)
    {
        Mac1Set set = new(Mac1Library.Matcher(compiler, lanes));
        foreach (Mac1 key in Keys[..100])
        {
            set.Add(key);
        }

        byte[] message = WireMessages.Initiation(Keys[99], 1);
        int sum = set.Match(message);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            sum += set.Match(message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 999);
        Assert.Equal(99 * 1_001, sum);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void More_keys_than_there_is_memory_for_are_refused(string compiler, int lanes)
    {
        NativeMac1Matcher matcher = Mac1Library.Matcher(compiler, lanes);
        byte[] message = WireMessages.Initiation(Keys[0], 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => matcher.Match(new uint[Mac1Group.Words], 17, message));
        Assert.Throws<ArgumentException>(() => matcher.Match(new uint[Mac1Group.Words], 16, message.AsSpan(1)));
        Assert.Equal(-1, matcher.Match([], 0, message));
    }

    [Theory]
    [InlineData("gcc")]
    [InlineData("clang")]
    public unsafe void The_processor_is_told_apart_as_NET_does(string compiler)
    {
        int lanes = ((delegate* unmanaged<int>)NativeLibrary.GetExport(Mac1Library.Load(compiler), nameof(Mac1Lanes.wgproxy_mac1_lanes)))();
        Assert.Equal(Avx512Vbmi.IsSupported && Avx512Vbmi2.IsSupported ? 16 : Avx2.IsSupported ? 8 : 0, lanes);
        _output.WriteLine($"measured: {compiler}: this processor compares {lanes} keys at once");
    }

    private static Mac1 NewKey()
    {
        Assert.True(PublicKey.TryParse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), out PublicKey? key, out string? error), error);
        return new Mac1(key);
    }

    /// <summary>Keeps the groups that it is shown.</summary>
    private sealed class Copy : IMac1Matcher
    {
        public uint[] Groups { get; private set; } = [];

        public string Name => nameof(Copy);

        public int KeysPerStep => 1;

        public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
        {
            Groups = groups.ToArray();
            return -1;
        }
    }
}
