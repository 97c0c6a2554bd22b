using System.Buffers.Binary;
using System.Runtime.InteropServices;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Listen;

/// <summary>
/// Steers each datagram to one socket of the group that shares a listening port. A keyed hash of the source's address and
/// port chooses the worker. Each worker has a socket for each <see cref="ListenRole"/>. A flood of initiations therefore
/// cannot fill the queue of data. The rule is written twice: here, and as
/// the program that the kernel runs. A test compares them.
/// </summary>
/// <param name="Workers">The number of workers.</param>
/// <param name="Key">Secret bits, so that an attacker cannot aim at one worker.</param>
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
    public int WorkerOf(in Source source)
    {
        (ulong high, ulong low, _, _, _) = source.Words;
        uint hash = Key.Seed;
        if (!source.IsIPv4)
        {
            hash = Mix(Mix(hash, (uint)(high >> 32)), (uint)high);
            hash = Mix(hash, (uint)(low >> 32));
        }

        hash = Mix(hash, (uint)low);

        hash = Mix(hash, (uint)source.Port) * OwnFactor;
        return (int)((hash ^ (hash >> LastShift)) % (uint)Workers);
    }

    /// <summary>The same for the kernel: an index into the group, in the order in which its sockets were bound.</summary>
    /// <remarks>
    /// The program sees the payload at offset 0 and the IP header at SKF_NET_OFF. A load outside the datagram ends it
    /// with 0. Every datagram that begins with byte 1 counts as an initiation, of any length: the kernel hands coalesced
    /// neighbours over as one datagram of many times 148 bytes. Behind IPv6 extension headers the program takes other
    /// bytes for the port, the same ones each time. The source then stays with one worker, though not with the computed one.
    /// </remarks>
    /// <param name="isIPv4">The group's IP version.</param>
    /// <param name="local">The default local address, 4 or 16 bytes; empty if every address counts; null if no data goes to bare sockets.</param>
    public sock_filter[] ToProgram(bool isIPv4, byte[]? local)
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
        if (local is not null)
        {
            SkipUnlessBare(program, isIPv4, local);
            Return(program, ListenRole.Bare);
        }

        Return(program, ListenRole.WithMetadata);
        return [.. program];
    }

    /// <summary>The filter of a bare socket: it lets in what was sent to the default local address. All else that reaches it is a multicast
    /// or a broadcast, of which the kernel gives each socket a copy without asking <see cref="ToProgram"/>. Of these only the UDP header
    /// stays. A bare socket gets an empty datagram for no other reason, so the worker can count it. A datagram dropped by a
    /// filter would look like a full buffer.</summary>
    /// <param name="isIPv4">The socket's IP version.</param>
    /// <param name="local">The address, 4 or 16 bytes; empty to let nothing in.</param>
    public static sock_filter[] ToFilter(bool isIPv4, ReadOnlySpan<byte> local)
    {
        const uint all = uint.MaxValue;
        const uint header = 8;
        List<sock_filter> filter = [];
        int words = local.Length / sizeof(uint);
        for (int word = 0; word < words; word++)
        {
            byte skip = (byte)((2 * (words - word)) - 1);
            Compare(filter, isIPv4, local, word, skip);
        }

        if (words > 0)
        {
            filter.Add(Op(BPF_RET | BPF_K, all));
        }

        filter.Add(Op(BPF_RET | BPF_K, header));
        return [.. filter];
    }

    /// <summary>The address of a filter that <see cref="ToFilter"/> has made, in whichever process: empty if it lets nothing in. Null if it is
    /// another filter.</summary>
    public static byte[]? ToLocal(bool isIPv4, ReadOnlySpan<sock_filter> filter)
    {
        List<byte> local = [];
        Span<byte> word = stackalloc byte[sizeof(uint)];
        foreach (sock_filter operation in filter)
        {
            if (operation.code == (BPF_JMP | BPF_JEQ | BPF_K))
            {
                BinaryPrimitives.WriteUInt32BigEndian(word, operation.k);
                local.AddRange(word);
            }
        }

        byte[] address = [.. local];
        bool isOurs = (address.Length == 0 || address.Length == (isIPv4 ? 4 : 16)) && MemoryMarshal.AsBytes(filter).SequenceEqual(MemoryMarshal.AsBytes<sock_filter>(ToFilter(isIPv4, address)));
        return isOurs ? address : null;
    }

    // X is the worker.
    private void Return(List<sock_filter> program, ListenRole role)
    {
        program.Add(Op(BPF_MISC | BPF_TXA));
        program.Add(Op(BPF_ALU | BPF_ADD | BPF_K, (uint)((int)role * Workers)));
        program.Add(Op(BPF_RET | BPF_A));
    }

    // A marked datagram, or one for another address, skips the return that follows.
    private static void SkipUnlessBare(List<sock_filter> program, bool isIPv4, byte[] local)
    {
        // The two ECN bits: the last of IPv4's second byte, and of the eight behind IPv6's version.
        program.Add(isIPv4 ? Op(BPF_LD | BPF_B | BPF_ABS, NetOff + 1) : Op(BPF_LD | BPF_H | BPF_ABS, NetOff));
        byte words = (byte)(local.Length / sizeof(uint));
        byte skip = (byte)((2 * words) + ReturnLength);
        program.Add(new sock_filter { code = BPF_JMP | BPF_JSET | BPF_K, k = isIPv4 ? 3u : 0x30u, jt = skip });
        for (byte word = 0; word < words; word++)
        {
            skip -= 2;
            Compare(program, isIPv4, local, word, skip);
        }
    }

    // Skips this many instructions if a word of the IP header's destination differs.
    private static void Compare(List<sock_filter> program, bool isIPv4, ReadOnlySpan<byte> local, int word, byte skip)
    {
        program.Add(Op(BPF_LD | BPF_W | BPF_ABS, NetOff + (isIPv4 ? 16u : 24u) + (uint)(word * sizeof(uint))));
        uint expected = BinaryPrimitives.ReadUInt32BigEndian(local[(word * sizeof(uint))..]);
        program.Add(new sock_filter { code = BPF_JMP | BPF_JEQ | BPF_K, k = expected, jf = skip });
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
