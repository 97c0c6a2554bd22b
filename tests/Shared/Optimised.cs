using System.Diagnostics;
using System.Reflection;

namespace WgProxy.Tests;

/// <summary>Tests of what optimised code does: unoptimised code allocates where the shipped one does not.</summary>
internal static class Optimised
{
    public static void SkipUnless(Assembly assembly) =>
        Assert.SkipWhen(
            assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled == true,
            "about optimised code: run with -c Release, as ./test does");
}
