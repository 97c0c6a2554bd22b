using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace WgProxy.Fleet;

/// <summary>Where the fleet's store is: a URL, or a connection string of StackExchange.Redis. It holds no password, so that it can be shown.</summary>
internal sealed record StoreAddress
{
    /// <summary>What a valid text looks like.</summary>
    public const string Form = "redis://HOST:PORT, rediss://HOST:PORT with TLS, unix:/PATH, or HOST:PORT,HOST:PORT with options of StackExchange.Redis";

    private const int DefaultPort = 6379;

    private StoreAddress(string text) => Text = text;

    /// <summary>As the operator wrote it.</summary>
    public string Text { get; }

    /// <summary>Reads an address.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="address">The address.</param>
    /// <param name="refusal">What is wrong with it and what was expected; null where <see cref="Form"/> says it all. It does not repeat the text, which may hold a secret.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out StoreAddress? address, out string? refusal)
    {
        address = null;
        refusal = null;
        if (HoldsPassword(text))
        {
            refusal = "it holds a password: expected the password in a file that PasswordFile names";
            return false;
        }

        if (TryOptions(text) is null)
        {
            return false;
        }

        address = new StoreAddress(text);
        return true;
    }

    /// <summary>The options of a connection to this address, without a password.</summary>
    public ConfigurationOptions ToOptions() => TryOptions(Text)!;

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool HoldsPassword(string text) =>
        text.Contains("password=", StringComparison.OrdinalIgnoreCase)
        || (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.UserInfo.Contains(':', StringComparison.Ordinal));

    private static ConfigurationOptions? TryOptions(string text)
    {
        const string unix = "unix:";
        if (text.StartsWith(unix, StringComparison.Ordinal))
        {
            string path = text[unix.Length..] is ['/', '/', '/', ..] longForm ? longForm[2..] : text[unix.Length..];
            return path is ['/', _, ..] && path.Length <= 107 ? new ConfigurationOptions { EndPoints = { new UnixDomainSocketEndPoint(path) } } : null;
        }

        return text.Contains("://", StringComparison.Ordinal) ? OfUrl(text) : OfConnectionString(text);
    }

    private static ConfigurationOptions? OfUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0 || url.Query.Length + url.Fragment.Length > 0)
        {
            return null;
        }

        int database = 0;
        string path = url.AbsolutePath.Trim('/');
        if (path.Length > 0 && !(int.TryParse(path, out database) && database >= 0))
        {
            return null;
        }

        ConfigurationOptions options = new() { DefaultDatabase = database, Ssl = string.Equals(url.Scheme, "rediss", StringComparison.Ordinal), User = url.UserInfo.Length > 0 ? Uri.UnescapeDataString(url.UserInfo) : null };
        int port = url.Port > 0 ? url.Port : DefaultPort;
        string host = url.IdnHost;
        options.EndPoints.Add(IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port));
        if (options.Ssl)
        {
            options.SslHost = host;
        }

        return options;
    }

    private static ConfigurationOptions? OfConnectionString(string text)
    {
        try
        {
            ConfigurationOptions options = ConfigurationOptions.Parse(text, ignoreUnknown: false);
            return options.EndPoints.Count > 0 ? options : null;
        }
        catch (Exception refusal) when (refusal is ArgumentException or FormatException)
        {
            return null;
        }
    }
}
