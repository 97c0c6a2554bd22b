using System.Collections.Frozen;
using System.Net;
using System.Text;

namespace WgProxy.State;

/// <summary>
/// The addresses to which the names of servers were resolved last, so that the next relay serves newcomers before its resolver answers, or without
/// an answer. A line of text for each name: <c>vpn.example.com:51820 192.0.2.1 2001:db8::1</c>. A line that says anything else is passed
/// over. The file is replaced whole, on a thread of the pool.
/// </summary>
internal sealed class AddressFile
{
    // A thousand servers with names of 253 letters and eight addresses each take less.
    private const int Longest = 1 << 20;
    private const int MostOfName = 16;

    private readonly string _path;
    private readonly Action<string> _fails;
    private readonly FrozenDictionary<string, IPAddress[]> _known;
    private readonly Lock _writing = new();
    private string _written;
    private Task _last = Task.CompletedTask;
    private Func<string>? _next;

    /// <summary>What a file holds; nothing if there is none, or it cannot be read.</summary>
    /// <param name="path">Where it is, or will be.</param>
    /// <param name="fails">Told what the system says when it refuses to write.</param>
    public AddressFile(string path, Action<string> fails)
    {
        (_path, _fails) = (path, fails);
        _written = Read(path);
        _known = Parse(_written).ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The addresses that a name had, best first; none if it is not known.</summary>
    /// <param name="endpoint">The name with its port.</param>
    public IReadOnlyList<IPAddress> Of(string endpoint) => _known.GetValueOrDefault(endpoint, []);

    /// <summary>Writes soon what the names are resolved to, if the file says otherwise. Several calls in a row may be one write. May be called
    /// from any thread.</summary>
    /// <param name="current">Tells each name with its port, and its addresses.</param>
    public void Save(Func<IEnumerable<(string Endpoint, IEnumerable<IPAddress> Addresses)>> current)
    {
        lock (_writing)
        {
            bool isWaiting = _next is not null;
            _next = () => Format(current());
            if (!isWaiting)
            {
                _last = _last.ContinueWith(_ => Write(), TaskScheduler.Default);
            }
        }
    }

    /// <summary>Ends when what was to be written is written, or could not be.</summary>
    public Task EndAsync()
    {
        lock (_writing)
        {
            return _last;
        }
    }

    /// <summary>The names of a text, and their addresses.</summary>
    internal static Dictionary<string, IPAddress[]> Parse(string text)
    {
        Dictionary<string, IPAddress[]> known = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ');
            IPAddress[] addresses = [.. words.Skip(1).Take(MostOfName).Select(word => IPAddress.TryParse(word, out IPAddress? address) ? address : null).OfType<IPAddress>()];
            if (addresses.Length > 0 && addresses.Length == words.Length - 1)
            {
                known[words[0]] = addresses;
            }
        }

        return known;
    }

    private static string Format(IEnumerable<(string Endpoint, IEnumerable<IPAddress> Addresses)> names)
    {
        StringBuilder text = new();
        foreach ((string endpoint, IEnumerable<IPAddress> addresses) in names)
        {
            string[] words = [endpoint, .. addresses.Select(address => address.ToString())];
            _ = words.Length > 1 ? text.AppendJoin(' ', words).Append('\n') : text;
        }

        return text.ToString();
    }

    private static string Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[Math.Min(file.Length, Longest)];
            return Encoding.ASCII.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    private void Write()
    {
        Func<string>? next;
        lock (_writing)
        {
            (next, _next) = (_next, null);
        }

        string text = next!();
        if (string.Equals(text, _written, StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            StateFiles.Replace(_path, Encoding.ASCII.GetBytes(text));
            _written = text;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            _fails(refusal.Message);
        }
    }
}
