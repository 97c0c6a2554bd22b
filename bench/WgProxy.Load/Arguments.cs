using System.Globalization;
using System.Net;

namespace WgProxy.Load;

/// <summary>Arguments of the form <c>--name value</c>; a name alone is a yes.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(IEnumerable<string> words)
    {
        string? name = null;
        foreach (string word in words)
        {
            if (word.StartsWith("--", StringComparison.Ordinal))
            {
                name = word;
                _values[name] = "";
            }
            else if (name is not null && _values[name].Length == 0)
            {
                _values[name] = word;
            }
            else
            {
                throw new FormatException($"expected --name value, got {word}");
            }
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name) =>
        _values.TryGetValue(name, out string? value) ? value : throw new FormatException($"{name} is missing");

    public int Number(string name, int otherwise) =>
        _values.TryGetValue(name, out string? value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    public double Seconds(string name, double otherwise) =>
        _values.TryGetValue(name, out string? value) ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    public IPEndPoint EndPoint(string name) => IPEndPoint.Parse(Text(name));

    public IPAddress? Address(string name) => Has(name) ? IPAddress.Parse(Text(name)) : null;
}
