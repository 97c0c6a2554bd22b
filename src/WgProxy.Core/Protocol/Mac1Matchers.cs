using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgProxy.Core.Protocol;

/// <summary>The matchers that .NET can run on this processor.</summary>
internal static class Mac1Matchers
{
    /// <summary>The fastest of <see cref="All"/>.</summary>
    public static IMac1Matcher Best => All[0];

    /// <summary>All of them, the fastest first. Compiled ahead of time for every x86-64 there are none of more than 128 bits:
    /// decision 34 says what takes their place.</summary>
    public static IReadOnlyList<IMac1Matcher> All { get; } = [.. Supported()];

    private static IEnumerable<IMac1Matcher> Supported()
    {
        // Not on processors that slow down for 512 bits: the runtime says no to those.
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
        {
            yield return new VectorMac1Matcher<Lanes16, Vector512<uint>>();
        }

        if (Avx2.IsSupported)
        {
            yield return new VectorMac1Matcher<Lanes8, Vector256<uint>>();
        }

        if (Vector128.IsHardwareAccelerated)
        {
            yield return new VectorMac1Matcher<Lanes4, Vector128<uint>>();
        }

        yield return new ScalarMac1Matcher();
    }
}
