using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace WgProxy.Linux.Firewall;

/// <summary>The attributes of a netlink message (struct nlattr): each a length, a type and a value. A length that points outside ends
/// them.</summary>
/// <param name="bytes">All attributes, one behind the other.</param>
internal readonly ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int Header = 4;

    // Above these bits a type has flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
    private const int TypeBits = 0x3FFF;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>The value of the first attribute of a type; empty if there is none.</summary>
    public ReadOnlySpan<byte> this[int type]
    {
        get
        {
            ReadOnlySpan<byte> rest = _bytes;
            while (TryTake(ref rest, out int found, out ReadOnlySpan<byte> value))
            {
                if (found == type)
                {
                    return value;
                }
            }

            return [];
        }
    }

    /// <summary>Whether there is an attribute of a type.</summary>
    public bool Has(int type)
    {
        ReadOnlySpan<byte> rest = _bytes;
        while (TryTake(ref rest, out int found, out _))
        {
            if (found == type)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The attributes within one.</summary>
    public NetlinkAttributes Within(int type) => new(this[type]);

    /// <summary>A number in network order, as all of nf_tables are; 0 if it is not there.</summary>
    public int Number(int type) => this[type] is { Length: sizeof(int) } value ? BinaryPrimitives.ReadInt32BigEndian(value) : 0;

    /// <summary>A text; empty if it is not there.</summary>
    public string Text(int type)
    {
        ReadOnlySpan<byte> value = this[type];
        int end = value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
    }

    /// <summary>The values of all attributes of a type.</summary>
    public List<byte[]> All(int type)
    {
        List<byte[]> all = [];
        ReadOnlySpan<byte> rest = _bytes;
        while (TryTake(ref rest, out int found, out ReadOnlySpan<byte> value))
        {
            if (found == type)
            {
                all.Add(value.ToArray());
            }
        }

        return all;
    }

    /// <summary>An attribute with a text, as a question needs it.</summary>
    public static byte[] Write(int type, string text)
    {
        byte[] value = Encoding.UTF8.GetBytes(text + '\0');
        byte[] attribute = new byte[(Header + value.Length + 3) & ~3];
        ushort length = (ushort)(Header + value.Length);
        ushort kind = (ushort)type;
        MemoryMarshal.Write(attribute, in length);
        MemoryMarshal.Write(attribute.AsSpan(2), in kind);
        value.CopyTo(attribute, Header);
        return attribute;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out int type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (rest.Length < Header)
        {
            return false;
        }

        int length = MemoryMarshal.Read<ushort>(rest);
        type = MemoryMarshal.Read<ushort>(rest[2..]) & TypeBits;
        if (length < Header || length > rest.Length)
        {
            return false;
        }

        value = rest[Header..length];
        rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
        return true;
    }
}
