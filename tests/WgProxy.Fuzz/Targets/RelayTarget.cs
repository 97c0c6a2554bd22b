using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Tests.Model;
using WgProxy.Core.Tunnels;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Targets;

/// <summary>The whole relay, one or several: bytes become a sequence of datagrams, times and switches, which relay and
/// reference model are both given. They must agree after each, and the invariants hold.</summary>
internal sealed class RelayTarget(ReferenceRules? rules = null) : Target
{
    public override string Name => "relay";

    public override int Head => RelayInput.Head;

    public override int Record => RelayInput.Record;

    public override int Longest => RelayInput.Head + (96 * RelayInput.Record);

    public override long Short => 3_000;

    // A handshake; one that a cookie comes between; a client that moves. Then what takes many steps to come to: the server's
    // cookie is shown after the relay's, a tunnel with eight pairs, and with one in use more, a claim by a neighbour's index of somebody who had asked; a client that renews its keys
    // where it has moved to.
    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, 6, 1, 0, 0, 0, 1, 0, 2, 0, 1, 0, 9, 0, 1, 1, 0, 0, 1, 0, 6, 0, 1, 0],
        [0, 6, 1, 0, 1, 0, 1, 0, 2, 0, 1, 0, 10, 0, 1, 0, 2, 0, 1, 3, 9, 0, 1, 1, 0, 0, 1, 0],
        [4, 6, 1, 0, 0, 0, 1, 0, 2, 0, 1, 0, 9, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 6, 1, 1, 0, 11, 0, 3, 0],
        [0, 12, 2, 0, 0, 0, 1, 0, 0x23, 0, 1, 1, 0x42, 0, 2, 0, 2, 0, 7, 1, 10, 0, 7, 0, 2, 0, 8, 2],
        [0, 12, 2, 0, 0, 0, 1, 0, 0x23, 0, 15, 15, .. Enumerable.Range(0, 7).SelectMany(i => (byte[])[0x03, 0, (byte)i, (byte)i, 11, 0, 3, 1]), 0, 0, 0, 0],
        [0, 12, 2, 0, 0, 0, 1, 0, 0x23, 0, 15, 15, .. Enumerable.Range(0, 8).SelectMany(i => (byte[])[0x03, 0, (byte)i, (byte)i, 11, 0, 3, 1]), 0, 0, 15, 0],
        [2, 12, 2, 0, 0, 0, 1, 0, 0x23, 0, 1, 1, 2, 1, 2, 0, 0, 1, 1, 0, 0, 1, 1, 0],
        [0, 12, 2, 0, 0, 0, 1, 0, 0x23, 0, 15, 15, 0, 1, 15, 0, 6, 1, 15, 0, 0x13, 1, 1, 1, 0, 0, 1, 0],
    ];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        RelayInput reader = new(input.ToArray());
        Lockstep both = new(reader.Sequence, rules);
        Coverage coverage = new();
        Verdict before = default;
        Tick replied = default;
        while (reader.Next(both) is Step step)
        {
            coverage.Before(both);
            if (both.Do(step) is string reason)
            {
                return $"after step {reader.Steps.Count}: {reason}";
            }

            coverage.After(both, step);
            Verdict verdict = step.Kind is "client" ? both.Last : both.LastFromServer;
            string what = step.Run.Count == 0 ? step.Kind : $"{step.Kind} {step.Run[0].Kind} {step.Run[0].Mac2} {step.Run[0].Seal}";
            bool shows = step.Run.Count > 0 && step.Run[0].Mac2.Length > 0;
            signal.Show(what, (long)verdict, Math.Sign(step.Run.Count - 1), shows ? Math.Min(4, (both.Now - replied) / 60_000) : 0);
            replied = step.Kind is "client" && verdict == Verdict.Reply ? both.Now : replied;
            signal.Show("then", (long)before, (long)verdict);
            signal.Show("proofs", Present(both));
            State(both, signal);
            before = verdict;
        }

        coverage.Add(both);
        foreach ((string name, long count) in coverage.Seen.Where(each => each.Value > 0))
        {
            signal.Show(name, Math.Min(3, System.Numerics.BitOperations.Log2((ulong)count)));
        }

        return both.Drain();
    }

    /// <summary>The sequence, as short as it can be made, in the form in which named regressions are kept.</summary>
    public override string Describe(byte[] input)
    {
        RelayInput reader = new(input);
        Lockstep both = new(reader.Sequence, rules);
        while (reader.Next(both) is Step step && both.Do(step) is null)
        {
        }

        Sequence sequence = reader.Sequence with { Steps = reader.Steps };
        return Lockstep.Run(sequence, rules) is null ? sequence.ToString() : Explorer.Shorten(0, sequence, rules).Text;
    }

    /// <summary>How full the small lists are, and what cookies are known: what it takes many steps to come to.</summary>
    private static void State(Lockstep both, Signal signal)
    {
        foreach (ReferenceMapping mapping in both.Live)
        {
            signal.Show("pairs", mapping.Tunnel.Pairs.Count);
            signal.Show("questions", mapping.Tunnel.Asks.Count);
            signal.Show("asked", mapping.Asked.Count);
            signal.Show("cookies", mapping.LastAsked is null ? 0 : 1, mapping.ServerCookie is null ? 0 : 1, (long)mapping.Proof);
            signal.Show("tunnel", both.Live.Count(other => other.Tunnel == mapping.Tunnel), both.Live.Count(other => other.Tunnel == mapping.Tunnel && other.Proof == Proof.Claimed));
        }
    }

    private static long Present(Lockstep both) => both.Live.Aggregate(0L, (proofs, mapping) => proofs | (1L << (int)mapping.Proof));
}
