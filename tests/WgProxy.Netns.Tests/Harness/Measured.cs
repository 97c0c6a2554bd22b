namespace WgProxy.Netns.Tests.Harness;

/// <summary>What a test saw, for the report of <c>./test</c>.</summary>
internal static class Measured
{
    public static void Write(string what) => TestContext.Current.TestOutputHelper?.WriteLine(
        $"measured: {RelayProcess.Engine}: {TestContext.Current.TestMethod?.MethodName.Replace('_', ' ')}: {what}");
}
