using System.Buffers.Binary;
using System.Net;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Listen;

/// <summary>
/// Which socket of the group that shares a listening port a datagram goes to: the worker by a keyed hash of the source's
/// address and port, and of each worker's sockets one for whatever begins like an initiation, so that a flood of them cannot
/// fill the queue that data waits in, and one for data about which there is something to say. Written twice: here, and as
/// the program that the kernel runs; a test holds them together.
/// </summary>
/// <param name="Workers">How many workers.</param>
/// <param name="Key">Secret bits, so that nobody can aim at one worker.</param>
internal sealed record Steering(int Workers, (uint Seed, uint Factor) Key)
{
    // Steps of MurmurHash3's finalizer (Appleby, public domain): classic BPF has 32-bit arithmetic and few instructions.
    private const uint Factor = 0x85EB_CA6B;
    private const int Shift = 13;
    private const int LastShift = 16;

    private const uint NetOff = unchecked((uint)SKF_NET_OFF);
    private const byte ReturnLength = 3;

    private uint OwnFactor => Key.Factor | 1;

    /// <summary>Sockets in the group: for each <see cref="ListenRole"/> one of each worker.</summary>
    public int Sockets => 3 * Workers;

    /// <summary>The worker that owns a source.</summary>
    public int WorkerOf(IPEndPoint source)
    {
        Span<byte> bytes = stackalloc byte[16];
        source.Address.TryWriteBytes(bytes, out int length);
        uint hash = Key.Seed;
        for (int i = 0; i < length; i += sizeof(uint))
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt32BigEndian(bytes[i..]));
        }

        hash = Mix(hash, (uint)source.Port) * OwnFactor;
        return (int)((hash ^ (hash >> LastShift)) % (uint)Workers);
    }

    /// <summary>The same for the kernel: an index into the group, in the order in which its sockets were bound.</summary>
    /// <remarks>
    /// The program sees the payload at offset 0 and the IP header at SKF_NET_OFF. A load outside the datagram ends it
    /// with 0. Whatever begins with byte 1 counts as an initiation, of whatever length: neighbours that the kernel has
    /// coalesced already come here as one datagram of many times 148 bytes. Behind IPv6 extension headers it takes other
    /// bytes for the port, the same ones each time: the source stays with one worker, though not with the one computed.
    /// </remarks>
    /// <param name="isIPv4">The group's IP version.</param>
    /// <param name="home">The address that plain data is sent to, 4 or 16 bytes; empty if any is; null if none is.</param>
    public sock_filter[] ToProgram(bool isIPv4, byte[]? home)
    {
        List<sock_filter> program = [];
        if (Workers > 1)
        {
            Hash(program, isIPv4);
        }
        else
        {
            program.Add(Op(BPF_LD | BPF_IMM, 0));
        }

        program.Add(Op(BPF_MISC | BPF_TAX));
        program.Add(Op(BPF_LD | BPF_B | BPF_ABS));
        program.Add(new sock_filter { code = BPF_JMP | BPF_JEQ | BPF_K, k = 1, jf = ReturnLength });
        Return(program, ListenRole.Initiations);
        if (home is not null)
        {
            SortOut(program, isIPv4, home);
            Return(program, ListenRole.Bare);
        }

        Return(program, ListenRole.WithMetadata);
        return [.. program];
    }

    /// <summary>What a plain socket lets in: what was sent to the home address. All else that comes to it was sent to a group or
    /// by broadcast, of which the kernel gives each socket a copy without asking <see cref="ToProgram"/>. Of that the UDP header
    /// stays: an empty datagram, which a plain socket gets for no other reason, is counted; one that the kernel dropped for a
    /// filter would look like a full buffer.</summary>
    /// <param name="isIPv4">The socket's IP version.</param>
    /// <param name="home">The address, 4 or 16 bytes; empty to let nothing in.</param>
    public static sock_filter[] ToFilter(bool isIPv4, ReadOnlySpan<byte> home)
    {
        const uint all = uint.MaxValue;
        const uint header = 8;
        List<sock_filter> filter = [];
        int words = home.Length / sizeof(uint);
        for (int word = 0; word < words; word++)
        {
            byte rest = (byte)((2 * (words - word)) - 1);
            Compare(filter, isIPv4, home, word, rest);
        }

        if (words > 0)
        {
            filter.Add(Op(BPF_RET | BPF_K, all));
        }

        filter.Add(Op(BPF_RET | BPF_K, header));
        return [.. filter];
    }

    // X is the worker.
    private void Return(List<sock_filter> program, ListenRole intake)
    {
        program.Add(Op(BPF_MISC | BPF_TXA));
        program.Add(Op(BPF_ALU | BPF_ADD | BPF_K, (uint)((int)intake * Workers)));
        program.Add(Op(BPF_RET | BPF_A));
    }

    // What bears a mark, or was sent elsewhere, passes over the return that follows.
    private static void SortOut(List<sock_filter> program, bool isIPv4, byte[] home)
    {
        // The two ECN bits: the last of IPv4's second byte, and of the eight behind IPv6's version.
        program.Add(isIPv4 ? Op(BPF_LD | BPF_B | BPF_ABS, NetOff + 1) : Op(BPF_LD | BPF_H | BPF_ABS, NetOff));
        byte words = (byte)(home.Length / sizeof(uint));
        byte rest = (byte)((2 * words) + ReturnLength);
        program.Add(new sock_filter { code = BPF_JMP | BPF_JSET | BPF_K, k = isIPv4 ? 3u : 0x30u, jt = rest });
        for (byte word = 0; word < words; word++)
        {
            rest -= 2;
            Compare(program, isIPv4, home, word, rest);
        }
    }

    // Passes over so many if a word of the destination in the IP header is another.
    private static void Compare(List<sock_filter> program, bool isIPv4, ReadOnlySpan<byte> home, int word, byte rest)
    {
        program.Add(Op(BPF_LD | BPF_W | BPF_ABS, NetOff + (isIPv4 ? 16u : 24u) + (uint)(word * sizeof(uint))));
        uint expected = BinaryPrimitives.ReadUInt32BigEndian(home[(word * sizeof(uint))..]);
        program.Add(new sock_filter { code = BPF_JMP | BPF_JEQ | BPF_K, k = expected, jf = rest });
    }

    private static uint Mix(uint hash, uint word)
    {
        hash = (hash ^ word) * Factor;
        return hash ^ (hash >> Shift);
    }

    private void Hash(List<sock_filter> program, bool isIPv4)
    {
        const uint sourceIPv4 = 12;
        const uint sourceIPv6 = 8;
        const uint portIPv6 = 40;
        program.Add(Op(BPF_LD | BPF_IMM, Key.Seed));
        for (uint word = 0; word < (isIPv4 ? 1u : 4u); word++)
        {
            program.Add(Op(BPF_ST));
            program.Add(Op(BPF_LD | BPF_W | BPF_ABS, NetOff + (isIPv4 ? sourceIPv4 : sourceIPv6) + (4 * word)));
            MixIn(program);
        }

        program.Add(Op(BPF_ST));
        if (isIPv4)
        {
            // The header's length is in its first byte: with options the port lies further behind.
            program.Add(Op(BPF_LDX | BPF_B | BPF_MSH, NetOff));
            program.Add(Op(BPF_LD | BPF_H | BPF_IND, NetOff));
        }
        else
        {
            program.Add(Op(BPF_LD | BPF_H | BPF_ABS, NetOff + portIPv6));
        }

        MixIn(program);
        program.Add(Op(BPF_ALU | BPF_MUL | BPF_K, OwnFactor));
        Fold(program, LastShift);
        program.Add(Op(BPF_ALU | BPF_MOD | BPF_K, (uint)Workers));
    }

    // A is the word, M[0] the hash so far; afterwards A is the hash.
    private static void MixIn(List<sock_filter> program)
    {
        program.Add(Op(BPF_LDX | BPF_MEM));
        program.Add(Op(BPF_ALU | BPF_XOR | BPF_X));
        program.Add(Op(BPF_ALU | BPF_MUL | BPF_K, Factor));
        Fold(program, Shift);
    }

    // A ^= A >> shift.
    private static void Fold(List<sock_filter> program, int shift)
    {
        program.Add(Op(BPF_MISC | BPF_TAX));
        program.Add(Op(BPF_ALU | BPF_RSH | BPF_K, (uint)shift));
        program.Add(Op(BPF_ALU | BPF_XOR | BPF_X));
    }

    private static sock_filter Op(int code, uint k = 0) => new() { code = (ushort)code, k = k };
}
