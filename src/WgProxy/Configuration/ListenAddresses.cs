using System.Globalization;
using System.Net;

namespace WgProxy.Configuration;

/// <summary>Addresses and ports to listen on, in the order in which the operator lists them. Two lists are equal if they have the same
/// addresses and ports in the same order.</summary>
internal sealed class ListenAddresses : IEquatable<ListenAddresses>
{
    /// <summary>Ports of one range at most. Each is a group of sockets for each IP version.</summary>
    public const int MostOfRange = 64;

    /// <summary>Addresses and ports at most. Strangers' answers wait in 7 places at each (decision 66): with more, a flood could fill the
    /// kernel's table of neighbours, which has room for 1,024.</summary>
    public const int Most = 128;

    private const string Redirect = "more ports need an nft redirect to one (docs/listen.md)";

    private readonly string[] _texts;

    private ListenAddresses(IReadOnlyList<IPEndPoint> all, string[] texts) => (All, _texts) = (all, texts);

    /// <summary>The addresses with their ports, each range as its ports.</summary>
    public IReadOnlyList<IPEndPoint> All { get; }

    /// <summary>The ports, each once.</summary>
    public int[] Ports => [.. All.Select(each => each.Port).Distinct()];

    /// <summary>The same, where <c>[::]</c> stands for both IP versions, as two addresses.</summary>
    public IEnumerable<IPEndPoint> OfEachVersion => All.SelectMany(OfEach);

    /// <summary>Reads a list with commas between.</summary>
    public static bool TryParse(string text, out ListenAddresses value, out string? refusal)
    {
        List<IPEndPoint> all = [];
        string[] texts = text.Split(',', StringSplitOptions.TrimEntries);
        value = new ListenAddresses(all, texts);
        foreach (string each in texts)
        {
            if (!TryAdd(each, all, out refusal))
            {
                return false;
            }
        }

        refusal = all.Count > Most ? $"these are {all.Count} addresses and ports; expected {Most} at most: {Redirect}" : Overlap(all);
        return refusal is null;
    }

    /// <summary>A short text of addresses, with neighbouring ports as ranges.</summary>
    public static IEnumerable<string> Shortened(IEnumerable<IPEndPoint> addresses)
    {
        (IPEndPoint First, int Last)? run = null;
        foreach (IPEndPoint each in addresses)
        {
            if (run is { } open && open.First.Address.Equals(each.Address) && each.Port == open.Last + 1)
            {
                run = (open.First, each.Port);
                continue;
            }

            if (run is { } ended)
            {
                yield return TextOf(ended.First, ended.Last);
            }

            run = (each, each.Port);
        }

        if (run is { } last)
        {
            yield return TextOf(last.First, last.Last);
        }
    }

    /// <summary>Whether the relay that listens on these addresses listens on all of the others too.</summary>
    /// <param name="others">The others.</param>
    /// <param name="missing">The first that is not among these.</param>
    public bool Hold(ListenAddresses others, out IPEndPoint? missing)
    {
        HashSet<IPEndPoint> own = [.. OfEachVersion];
        missing = others.OfEachVersion.FirstOrDefault(each => !own.Contains(each));
        return missing is null;
    }

    /// <inheritdoc/>
    public bool Equals(ListenAddresses? other) => other is not null && All.SequenceEqual(other.All);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ListenAddresses);

    /// <inheritdoc/>
    public override int GetHashCode() => All.Count == 0 ? 0 : All[0].GetHashCode();

    /// <summary>The list as the operator wrote it.</summary>
    public override string ToString() => string.Join(", ", _texts);

    private static bool TryAdd(string text, List<IPEndPoint> all, out string? refusal)
    {
        int dash = text.LastIndexOf('-');
        bool isRange = dash > text.LastIndexOf(':') && dash > text.LastIndexOf(']');
        if (!EndPointText.TryParse(isRange ? text[..dash] : text, out IPEndPoint first, out string? detail))
        {
            refusal = $"{detail}; expected {SettingParser.ListenForm}";
            return false;
        }

        int last = first.Port;
        if (isRange && (!int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out last)
            || first.Port == 0 || last < first.Port || last > ushort.MaxValue))
        {
            refusal = "the ports behind the address are no range; expected the first and the last, as in 0.0.0.0:4500-4510";
            return false;
        }

        int count = last - first.Port + 1;
        refusal = count > MostOfRange ? $"these are {count} ports; expected {MostOfRange} at most: {Redirect}" : null;
        if (refusal is null)
        {
            all.AddRange(Enumerable.Range(first.Port, count).Select(port => new IPEndPoint(first.Address, port)));
        }

        return refusal is null;
    }

    // [::] means both versions, so an IPv4 address may lie within it.
    private static string? Overlap(List<IPEndPoint> all)
    {
        for (int i = 0; i < all.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (all[i].Port == all[j].Port && all[i].Port != 0 && OfEach(all[i]).Any(mine => OfEach(all[j]).Any(other => Meet(mine.Address, other.Address))))
                {
                    return all[i].Equals(all[j]) ? $"{all[i]} is given twice; expected each once" : $"{all[i]} and {all[j]} have addresses in common; expected each address once";
                }
            }
        }

        return null;
    }

    private static bool Meet(IPAddress one, IPAddress other) =>
        one.AddressFamily == other.AddressFamily && (one.Equals(other) || IsAny(one) || IsAny(other));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IEnumerable<IPEndPoint> OfEach(IPEndPoint each) => each.Address.Equals(IPAddress.IPv6Any)
        ? [each, new IPEndPoint(IPAddress.Any, each.Port)]
        : [each];

    private static string TextOf(IPEndPoint first, int last) => last == first.Port ? $"{first}" : $"{first}-{last}";
}
