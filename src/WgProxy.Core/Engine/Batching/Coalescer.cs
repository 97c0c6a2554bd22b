namespace WgProxy.Core.Engine.Batching;

/// <summary>
/// Which neighbouring runs of one receive batch leave as one segmented send. It changes no byte, no boundary and no
/// order within a slot, and waits for nothing: it only joins what is there already. A train walks the kernel's send path
/// once instead of once per datagram, which is most of what a relay costs.
/// </summary>
internal static class Coalescer
{
    /// <summary>How many bytes of the run's beginning one send may carry: the whole run if it fits, one datagram if the
    /// destination takes no trains of this stride.</summary>
    public static int Fit(in Run run, in TrainLimits limits)
    {
        if (run.Length <= run.Stride)
        {
            return run.Length;
        }

        if (run.Stride > limits.MaxStride)
        {
            return run.Stride;
        }

        int most = Math.Min(TrainLimits.MaxDatagrams, limits.MaxBytes / run.Stride) * run.Stride;
        return most == 0 ? run.Stride : Math.Min(run.Length, most);
    }

    /// <summary>Lets the run follow in the train, if the two may leave in one send.</summary>
    /// <returns>Whether it does; if not, the train is as it was.</returns>
    public static bool TryJoin(ref Train train, in Run run, in TrainLimits limits)
    {
        int first = run.First;
        bool joins = train.IsEven
            && run.Slot == train.Slot
            && run.Ecn == train.Ecn
            && train.Stride <= limits.MaxStride
            && (first == train.Stride || (first < train.Stride && run.Length == first))
            && train.Bytes + run.Length <= limits.MaxBytes
            && train.Datagrams + run.Datagrams <= TrainLimits.MaxDatagrams;
        if (joins)
        {
            train = train with { Bytes = train.Bytes + run.Length, Datagrams = train.Datagrams + run.Datagrams };
        }

        return joins;
    }

    /// <summary>Whether the finished train may leave as one send. If not, its datagrams leave one by one.</summary>
    public static bool MayLeaveWhole(in Train train, in TrainLimits limits) =>
        !train.IsSegmented || !limits.MustEndShort || !train.IsEven;
}
