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
internal sealed unsafe class NativeMac1Matcher : IMac1Matcher
{
    private readonly delegate* unmanaged<uint*, int, byte*, int, int> _match;

    internal NativeMac1Matcher(int lanes, delegate* unmanaged<uint*, int, byte*, int, int> match)
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
    public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
    {
        int hashed = message.Length switch
        {
            WireGuard.InitiationSize => WireGuard.InitiationMac1Offset,
            WireGuard.ResponseSize => WireGuard.ResponseMac1Offset,
            _ => throw new ArgumentException("Neither an initiation nor a response has this length.", nameof(message)),
        };
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, groups.Length / Mac1Group.Words * Mac1Group.Keys);
        fixed (uint* first = groups)
        fixed (byte* bytes = message)
        {
            return _match(first, count, bytes, hashed);
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
