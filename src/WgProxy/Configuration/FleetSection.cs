using System.Net;
using System.Text;
using WgProxy.Fleet;

namespace WgProxy.Configuration;

/// <summary>The section [Fleet], which stands once. Without it, nothing of a fleet is loaded.</summary>
internal static class FleetSection
{
    private static readonly FileKey Store = new(
        "Store",
        null,
        StoreAddress.Form,
        "Where the fleet's store is: a server that speaks the Redis protocol. It holds no password.",
        IsList: false,
        TryParseStore)
    {
        MayHoldSecret = true,
    };

    private static readonly FileKey Key = Path(
        "Key", null, "A file with the fleet's secret: 32 bytes in base64, as `wg genkey` prints. All relays of the fleet have the same. Only its owner may read it (mode 0600).");

    private static readonly FileKey Name = new(
        "Name", "the host's name", $"1 to {SealedRecord.LongestName} bytes of letters, digits or characters of ._-@:[]%+", "The name of this relay, unique in the fleet.", IsList: false, TryParseName);

    private static readonly FileKey PasswordFile = Path("PasswordFile", "none", "A file whose first line is the store's password. The user is part of Store, as in redis://USER@HOST:PORT.");

    private static readonly FileKey AuthorityFile = Path(
        "AuthorityFile", "as the system trusts", "A file with the certificate, in PEM, of the authority that vouches for the store's certificate.");

    /// <summary>The other relay of a pair.</summary>
    public static readonly FileKey Standby = new(
        "Standby",
        "none",
        Name.Expected,
        "The Name of the other relay of a pair on one address. While this host does not have SharedAddress, this relay stands by for that one: it listens nowhere, and takes over when the address comes.",
        IsList: false,
        TryParseName);

    /// <summary>The addresses of a pair.</summary>
    public static readonly FileKey Shared = new(
        "SharedAddress",
        "none",
        "addresses without a prefix, with commas between, such as 192.0.2.10",
        "The addresses that the two relays of a pair share, and that VRRP gives to one of their hosts. Clients send to them, and UpstreamAddress is one of them for each IP version that servers are reached by.",
        IsList: true,
        TryParseShared);

    /// <summary>The keys, in the order in which the documents list them.</summary>
    public static IReadOnlyList<FileKey> All { get; } = [Store, Key, Name, PasswordFile, AuthorityFile, Standby, Shared];

    /// <summary>What a section says; null if something is wrong with it, which is a fault then.</summary>
    /// <param name="path">The configuration file, for messages.</param>
    /// <param name="section">The section.</param>
    /// <param name="faults">Where faults go.</param>
    public static FleetSettings? Read(string path, ConfigSection section, ConfigFaults faults)
    {
        SectionReader reader = new(section, All, faults);
        StoreAddress? store = reader.Required<StoreAddress>(Store);
        string? keyFile = reader.Required<string>(Key);
        string? name = reader.TryGet(Name, out object? given) ? (string)given! : FileKeys.NameLike(Environment.MachineName);
        if (name is null)
        {
            faults.Add(section.Line, $"[Fleet] has no Name, and the host's name is none either: expected {Name.Expected}");
        }

        return store is null || keyFile is null || name is null ? null : new FleetSettings(store, keyFile, name)
        {
            PasswordFile = TextOf(reader, PasswordFile),
            AuthorityFile = TextOf(reader, AuthorityFile),
            Standby = TextOf(reader, Standby),
            Shared = TextOf(reader, Shared) ?? string.Empty,
            Places = All.ToDictionary(key => key.Name, key => $"{path}:{reader.LineOf(key)}: {key.Name}", StringComparer.Ordinal),
        };
    }

    private static string? TextOf(SectionReader reader, FileKey key) => reader.TryGet(key, out object? value) ? (string)value! : null;

    private static FileKey Path(string name, string? standIn, string help) => new(name, standIn, "an absolute path of a file", help, IsList: false, TryParsePath);

    private static bool TryParseStore(string text, out object? value, out string? refusal)
    {
        bool valid = StoreAddress.TryParse(text, out StoreAddress? address, out refusal);
        value = address;
        return valid;
    }

    private static bool TryParseShared(string text, out object? value, out string? refusal)
    {
        (value, refusal) = (null, null);
        IPAddress?[] addresses = [.. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(each => IPAddress.TryParse(each, out IPAddress? address) ? EndPointText.Normalise(address) : null)];
        bool isValid = addresses.Length > 0 && addresses.All(each => each is not null && !each.Equals(IPAddress.Any) && !each.Equals(IPAddress.IPv6Any) && each is not { IsIPv6LinkLocal: true });
        value = isValid ? string.Join(", ", addresses.Distinct()) : null;
        return isValid;
    }

    private static bool TryParsePath(string text, out object? value, out string? refusal)
    {
        (value, refusal) = (text, null);
        return System.IO.Path.IsPathRooted(text) && !text.Contains('\0', StringComparison.Ordinal);
    }

    private static bool TryParseName(string text, out object? value, out string? refusal)
    {
        (value, refusal) = (text, null);
        return FileKeys.IsName(text) && Encoding.UTF8.GetByteCount(text) <= SealedRecord.LongestName;
    }
}
