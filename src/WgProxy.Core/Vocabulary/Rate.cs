namespace WgProxy.Core.Vocabulary;

/// <summary>How much data may pass, in bytes of UDP payload per second. Handshake messages and keepalives do not count.</summary>
/// <param name="Up">From client to server; 0 for as much as there is.</param>
/// <param name="Down">From server to client; 0 for as much as there is.</param>
public readonly record struct Rate(long Up, long Down)
{
    /// <summary>As much as there is, both ways.</summary>
    public static Rate Unlimited => default;

    /// <summary>Whether it limits neither direction.</summary>
    public bool IsUnlimited => (Up | Down) == 0;

    /// <summary>The rate in one direction.</summary>
    public long Of(Direction direction) => direction == Direction.Uplink ? Up : Down;
}
