using WgProxy.Core.Protocol;

namespace WgProxy.Linux.Native;

/// <summary>
/// Compares with AVX2 or AVX-512 where the program is compiled ahead of time and has neither (decision 34). In the framework
/// form, and on processors of another kind, there are none.
/// </summary>
/// <remarks>
/// The call lets collections happen, as those of <see cref="Libc"/> do: 1,000 keys take tens of microseconds, for which no
/// other thread's collection shall wait. Keys and message are pinned meanwhile, which costs nothing unless one happens.
/// </remarks>
public sealed unsafe class NativeMac1Matcher : IMac1Matcher
{
    private readonly delegate* unmanaged<uint*, int, byte*, int> _match;

    internal NativeMac1Matcher(int lanes, delegate* unmanaged<uint*, int, byte*, int> match)
    {
        KeysPerStep = lanes;
        _match = match;
    }

    /// <summary>Those that this program has and this processor can run, the fastest first.</summary>
    public static IReadOnlyList<IMac1Matcher> All { get; } = Supported();

    /// <inheritdoc/>
    public string Name => KeysPerStep == 16 ? "AVX-512" : "AVX2";

    /// <inheritdoc/>
    public int KeysPerStep { get; }

    /// <inheritdoc/>
    public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> initiation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(initiation.Length, WireGuard.InitiationSize, nameof(initiation));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, groups.Length / Mac1Group.Words * Mac1Group.Keys);
        fixed (uint* first = groups)
        fixed (byte* message = initiation)
        {
            return _match(first, count, message);
        }
    }

    private static List<IMac1Matcher> Supported()
    {
        List<IMac1Matcher> matchers = [];
        for (int lanes = Mac1Lanes.IsLinked ? Mac1Lanes.wgproxy_mac1_lanes() : 0; lanes >= 8; lanes /= 2)
        {
            matchers.Add(new NativeMac1Matcher(lanes, Mac1Lanes.wgproxy_mac1_match(lanes)));
        }

        return matchers;
    }
}
