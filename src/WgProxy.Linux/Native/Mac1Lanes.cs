using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace WgProxy.Linux.Native;

/// <summary>What <c>mac1_lanes.c</c> has, under its own names. There is no library of this name: <c>mac1_lanes.targets</c> links
/// the object into the native form.</summary>
internal static unsafe partial class Mac1Lanes
{
    /// <summary>Whether the object is linked into this program. Nothing else here may be called unless it is.</summary>
    [FeatureSwitchDefinition("WgProxy.Mac1Lanes")]
    public static bool IsLinked => AppContext.TryGetSwitch("WgProxy.Mac1Lanes", out bool isLinked) && isLinked;

    [LibraryImport("mac1_lanes")]
    public static partial int wgproxy_mac1_lanes();

    [LibraryImport("mac1_lanes")]
    public static partial delegate* unmanaged<uint*, int, byte*, int, int> wgproxy_mac1_match(int lanes);
}
