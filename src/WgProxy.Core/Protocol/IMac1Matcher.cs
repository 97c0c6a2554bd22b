namespace WgProxy.Core.Protocol;

/// <summary>
/// Compares the mac1 of an initiation or a response with many keys at once. It holds no state, so threads may share it. Implementations
/// differ in the instructions they use; all give the same answers.
/// </summary>
internal interface IMac1Matcher
{
    /// <summary>What it uses, for the log and for results: "AVX2", for instance.</summary>
    string Name { get; }

    /// <summary>How many keys one step compares: a divisor of <see cref="Mac1Group.Keys"/>.</summary>
    int KeysPerStep { get; }

    /// <summary>Returns the first key with which the message's mac1 is right, or -1.</summary>
    /// <param name="groups">Whole groups of keys, laid out as <see cref="Mac1Group"/> says.</param>
    /// <param name="count">How many keys to compare, counted from the first group; those behind them may be compared too.</param>
    /// <param name="message">Exactly <see cref="WireGuard.InitiationSize"/> or <see cref="WireGuard.ResponseSize"/> bytes.</param>
    int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message);
}
