using System.Buffers.Binary;

namespace WgProxy.Core.Protocol;

/// <summary>
/// Poly1305 (RFC 8439, section 2.5): a polynomial over the blocks of a text, modulo 2^130 - 5. A number is five limbs of
/// 26 bits, so that products and their sums fit in 64 bits and nothing branches. A key is for one text.
/// </summary>
internal struct Poly1305
{
    public const int KeySize = 32;
    public const int TagSize = 16;

    private const int BlockSize = 16;
    private const int LimbBits = 26;
    private const ulong Limb = (1UL << LimbBits) - 1;

    // Bit 128, which stands behind every whole block, in the highest limb.
    private const ulong BehindBlock = 1UL << (128 - (4 * LimbBits));

    private readonly ulong _r0;
    private readonly ulong _r1;
    private readonly ulong _r2;
    private readonly ulong _r3;
    private readonly ulong _r4;
    private readonly ulong _sLow;
    private readonly ulong _sHigh;

    private ulong _h0;
    private ulong _h1;
    private ulong _h2;
    private ulong _h3;
    private ulong _h4;

    public Poly1305(ReadOnlySpan<byte> key)
    {
        // Section 2.5: some bits of r are cleared.
        ulong low = BinaryPrimitives.ReadUInt64LittleEndian(key) & 0x0FFFFFFC_0FFFFFFF;
        ulong high = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]) & 0x0FFFFFFC_0FFFFFFC;
        _r0 = low & Limb;
        _r1 = (low >> 26) & Limb;
        _r2 = ((low >> 52) | (high << 12)) & Limb;
        _r3 = (high >> 14) & Limb;
        _r4 = high >> 40;
        _sLow = BinaryPrimitives.ReadUInt64LittleEndian(key[16..]);
        _sHigh = BinaryPrimitives.ReadUInt64LittleEndian(key[24..]);
    }

    /// <summary>Takes the end of a text, or all of it: behind an incomplete last block stands a one.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> rest = AddWhole(text);
        if (!rest.IsEmpty)
        {
            Span<byte> block = stackalloc byte[BlockSize];
            rest.CopyTo(block);
            block[rest.Length] = 1;
            AddBlock(block, 0);
        }
    }

    /// <summary>Takes a part of a text that is filled with zeros to whole blocks, as section 2.8 wants it.</summary>
    public void AddPadded(ReadOnlySpan<byte> part)
    {
        ReadOnlySpan<byte> rest = AddWhole(part);
        if (!rest.IsEmpty)
        {
            Span<byte> block = stackalloc byte[BlockSize];
            rest.CopyTo(block);
            AddBlock(block, BehindBlock);
        }
    }

    /// <summary>Writes the tag, 16 bytes.</summary>
    public readonly void Finish(Span<byte> tag)
    {
        ulong h0 = _h0;
        ulong h1 = _h1;
        ulong h2 = _h2;
        ulong h3 = _h3;
        ulong h4 = _h4;
        Carry(ref h1, ref h2);
        Carry(ref h2, ref h3);
        Carry(ref h3, ref h4);
        h0 += 5 * (h4 >> LimbBits);
        h4 &= Limb;
        Carry(ref h0, ref h1);

        // If something came back to h0, h had just passed 2^130, so what is left is small: this carry is the last.
        Carry(ref h1, ref h2);
        Carry(ref h2, ref h3);
        Carry(ref h3, ref h4);

        // h - p = h + 5 - 2^130; it is the remainder unless it is negative.
        ulong g0 = h0 + 5;
        ulong g1 = h1;
        ulong g2 = h2;
        ulong g3 = h3;
        ulong g4 = h4;
        Carry(ref g0, ref g1);
        Carry(ref g1, ref g2);
        Carry(ref g2, ref g3);
        Carry(ref g3, ref g4);
        g4 -= 1UL << LimbBits;
        ulong reduced = (g4 >> 63) - 1;
        h0 = Choose(reduced, g0, h0);
        h1 = Choose(reduced, g1, h1);
        h2 = Choose(reduced, g2, h2);
        h3 = Choose(reduced, g3, h3);
        h4 = Choose(reduced, g4, h4);

        ulong low = h0 | (h1 << 26) | (h2 << 52);
        ulong high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
        ulong sum = low + _sLow;
        ulong carry = ((low & _sLow) | ((low | _sLow) & ~sum)) >> 63;
        BinaryPrimitives.WriteUInt64LittleEndian(tag, sum);
        BinaryPrimitives.WriteUInt64LittleEndian(tag[8..], high + _sHigh + carry);
    }

    private ReadOnlySpan<byte> AddWhole(ReadOnlySpan<byte> text)
    {
        for (; text.Length >= BlockSize; text = text[BlockSize..])
        {
            AddBlock(text, BehindBlock);
        }

        return text;
    }

    // h = (h + block) * r. What reaches 2^130 comes back as five times itself at the bottom.
    private void AddBlock(ReadOnlySpan<byte> block, ulong behind)
    {
        ulong low = BinaryPrimitives.ReadUInt64LittleEndian(block);
        ulong high = BinaryPrimitives.ReadUInt64LittleEndian(block[8..]);
        ulong h0 = _h0 + (low & Limb);
        ulong h1 = _h1 + ((low >> 26) & Limb);
        ulong h2 = _h2 + (((low >> 52) | (high << 12)) & Limb);
        ulong h3 = _h3 + ((high >> 14) & Limb);
        ulong h4 = _h4 + ((high >> 40) | behind);

        ulong s1 = 5 * _r1;
        ulong s2 = 5 * _r2;
        ulong s3 = 5 * _r3;
        ulong s4 = 5 * _r4;
        ulong d0 = (h0 * _r0) + (h1 * s4) + (h2 * s3) + (h3 * s2) + (h4 * s1);
        ulong d1 = (h0 * _r1) + (h1 * _r0) + (h2 * s4) + (h3 * s3) + (h4 * s2);
        ulong d2 = (h0 * _r2) + (h1 * _r1) + (h2 * _r0) + (h3 * s4) + (h4 * s3);
        ulong d3 = (h0 * _r3) + (h1 * _r2) + (h2 * _r1) + (h3 * _r0) + (h4 * s4);
        ulong d4 = (h0 * _r4) + (h1 * _r3) + (h2 * _r2) + (h3 * _r1) + (h4 * _r0);

        Carry(ref d0, ref d1);
        Carry(ref d1, ref d2);
        Carry(ref d2, ref d3);
        Carry(ref d3, ref d4);
        d0 += 5 * (d4 >> LimbBits);
        d4 &= Limb;
        Carry(ref d0, ref d1);
        _h0 = d0;
        _h1 = d1;
        _h2 = d2;
        _h3 = d3;
        _h4 = d4;
    }

    private static void Carry(ref ulong limb, ref ulong next)
    {
        next += limb >> LimbBits;
        limb &= Limb;
    }

    private static ulong Choose(ulong mask, ulong chosen, ulong otherwise) => (chosen & mask) | (otherwise & ~mask);
}
