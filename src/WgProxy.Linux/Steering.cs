using System.Buffers.Binary;
using System.Net;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux;

/// <summary>
/// Which socket of the group that shares a listening port a datagram goes to: the worker by a keyed hash of the source's
/// address and port, and sockets of their own for whatever begins like an initiation, so that a flood of them cannot fill
/// the queue that data waits in. Written twice: here, and as the program that the kernel runs; a test holds them together.
/// </summary>
/// <param name="Workers">How many workers.</param>
/// <param name="Key">Secret bits, so that nobody can aim at one worker.</param>
internal sealed record Steering(int Workers, (uint Seed, uint Factor) Key)
{
    // Steps of MurmurHash3's finalizer (Appleby, public domain): classic BPF has 32-bit arithmetic and few instructions.
    private const uint Factor = 0x85EB_CA6B;
    private const int Shift = 13;
    private const int LastShift = 16;

    private uint OwnFactor => Key.Factor | 1;

    /// <summary>Sockets in the group: the workers' data sockets, then their sockets for initiations.</summary>
    public int Sockets => 2 * Workers;

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
    public sock_filter[] ToProgram(bool isIPv4)
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
        program.Add(new sock_filter { code = BPF_JMP | BPF_JEQ | BPF_K, k = 1, jt = 2 });
        program.Add(Op(BPF_MISC | BPF_TXA));
        program.Add(Op(BPF_RET | BPF_A));
        program.Add(Op(BPF_MISC | BPF_TXA));
        program.Add(Op(BPF_ALU | BPF_ADD | BPF_K, (uint)Workers));
        program.Add(Op(BPF_RET | BPF_A));
        return [.. program];
    }

    private static uint Mix(uint hash, uint word)
    {
        hash = (hash ^ word) * Factor;
        return hash ^ (hash >> Shift);
    }

    private void Hash(List<sock_filter> program, bool isIPv4)
    {
        const uint netOff = unchecked((uint)SKF_NET_OFF);
        const uint sourceIPv4 = 12;
        const uint sourceIPv6 = 8;
        const uint portIPv6 = 40;
        program.Add(Op(BPF_LD | BPF_IMM, Key.Seed));
        for (uint word = 0; word < (isIPv4 ? 1u : 4u); word++)
        {
            program.Add(Op(BPF_ST));
            program.Add(Op(BPF_LD | BPF_W | BPF_ABS, netOff + (isIPv4 ? sourceIPv4 : sourceIPv6) + (4 * word)));
            MixIn(program);
        }

        program.Add(Op(BPF_ST));
        if (isIPv4)
        {
            // The header's length is in its first byte: with options the port lies further behind.
            program.Add(Op(BPF_LDX | BPF_B | BPF_MSH, netOff));
            program.Add(Op(BPF_LD | BPF_H | BPF_IND, netOff));
        }
        else
        {
            program.Add(Op(BPF_LD | BPF_H | BPF_ABS, netOff + portIPv6));
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
