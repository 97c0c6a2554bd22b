namespace WgProxy.Tests;

/// <summary>Real time and what a test added. Engines look at it at least once a second.</summary>
internal sealed class LeapingClock : TimeProvider
{
    private long _leapt;

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _leapt);

    public void Leap(TimeSpan span) => Interlocked.Add(ref _leapt, (long)(span.TotalSeconds * TimestampFrequency));
}
