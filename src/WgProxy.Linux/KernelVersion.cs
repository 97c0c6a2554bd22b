using System.Globalization;
using WgProxy.Linux.Net;

namespace WgProxy.Linux;

/// <summary>The kernel's version, for the few faults that cannot be found out by trying.</summary>
internal readonly record struct KernelVersion(int Major, int Minor, int Patch)
{
    /// <summary>Whether runs may be received. Before 5.12 a run's stride could get lost, and trying does not show it.
    /// </summary>
    public bool CanCoalesce => (Major, Minor).CompareTo((5, 12)) >= 0;

    /// <summary>Whether trains of equal segments leave with a wrong length or checksum: commit b10b446ce7ad in 7.0,
    /// mended for good in 7.1.5.</summary>
    public bool CorruptsEvenTrains =>
        (Major, Minor, Patch).CompareTo((7, 0, 0)) >= 0 && (Major, Minor, Patch).CompareTo((7, 1, 5)) < 0;

    /// <summary>This host's; 0.0.0 if unknown, which is trusted with nothing.</summary>
    public static KernelVersion OfThisHost() => Parse(HostFacts.KernelRelease);

    /// <summary>From a text such as <c>6.12.3-amd64</c>; what is missing or unreadable is 0.</summary>
    public static KernelVersion Parse(string release)
    {
        Span<int> parts = [0, 0, 0];
        string[] texts = release.Split('.', parts.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            int digits = texts[i].TakeWhile(char.IsAsciiDigit).Count();
            _ = int.TryParse(texts[i].AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out parts[i]);
        }

        return new KernelVersion(parts[0], parts[1], parts[2]);
    }
}
