namespace WgProxy.Core.Admission;

/// <summary>
/// How many cookie replies a second leave where one socket answers everybody. What waits in the system for neighbours that do not exist
/// takes room from proven clients then. Each part of <see cref="StrangerSpread"/> has its own count.
/// </summary>
internal sealed class ReplyPace
{
    // For each part of the spread, 80 a second. At most 240 of them wait for neighbours, some 200 KB.
    private const int PerSecond = 5;

    private readonly (long Second, int Count)[] _replies = new (long, int)[StrangerSpread.Buffers];

    /// <summary>Whether another reply may leave now. If so, it counts.</summary>
    /// <param name="part">The part of the spread to which the client belongs.</param>
    /// <param name="now">The instant.</param>
    public bool MayReply(int part, Tick now)
    {
        ref (long Second, int Count) replies = ref _replies[part];
        long second = now.Milliseconds / 1_000;
        replies = replies.Second == second ? (second, replies.Count + 1) : (second, 1);
        return replies.Count <= PerSecond;
    }
}
