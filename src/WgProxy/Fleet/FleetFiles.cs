using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WgProxy.State;

namespace WgProxy.Fleet;

/// <summary>Reads the files that the section [Fleet] names. What is wrong with one is said with the setting's place, and never with its content.</summary>
internal static class FleetFiles
{
    private const int MostBytes = 4_096;
    private const string KeyForm = "expected 32 bytes in base64 (44 characters, as `wg genkey` prints)";

    /// <summary>Reads all of them, and makes a store of them, which is not connected yet.</summary>
    /// <param name="settings">What the section says.</param>
    /// <param name="refuse">Told the place of each setting that is wrong, and why.</param>
    /// <returns>Null if one is wrong.</returns>
    public static FleetStore? Open(FleetSettings settings, Action<string, string> refuse)
    {
        FleetKey? key = ReadKey(settings.KeyFile, out string? wrongKey);
        string? password = settings.PasswordFile is { } file ? ReadPassword(file, out string? wrong) : NoPassword(out wrong);
        X509Certificate2? authority = settings.AuthorityFile is { } pem ? ReadAuthority(pem, out string? wrongAuthority) : NoAuthority(out wrongAuthority);
        foreach ((string name, string? refusal) in (ReadOnlySpan<(string, string?)>)[("Key", wrongKey), ("PasswordFile", wrong), ("AuthorityFile", wrongAuthority)])
        {
            if (refusal is not null)
            {
                refuse(settings.Places.GetValueOrDefault(name) ?? name, refusal);
            }
        }

        return key is null || wrong is not null || wrongAuthority is not null ? null : new FleetStore(key, StoreConnection.OptionsOf(settings, password, authority));
    }

    /// <summary>Reads the fleet's secret. Others must not be able to read the file.</summary>
    public static FleetKey? ReadKey(string path, out string? refusal)
    {
        string? text = ReadSecret(path, out refusal)?.Trim();
        if (text is null)
        {
            return null;
        }

        Span<byte> secret = stackalloc byte[FleetKey.Size + 2];
        if (text.Length != 44 || !Convert.TryFromBase64String(text, secret, out int length) || length != FleetKey.Size)
        {
            refusal = $"{path} holds something else: {KeyForm}";
            return null;
        }

        if (!secret[..FleetKey.Size].ContainsAnyExcept((byte)0))
        {
            refusal = $"{path} holds 32 zero bytes: {KeyForm}";
            return null;
        }

        FleetKey key = new(secret[..FleetKey.Size]);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    private static string? ReadPassword(string path, out string? refusal)
    {
        string? password = ReadSecret(path, out refusal)?.Split('\n')[0].TrimEnd('\r');
        if (password is { Length: 0 })
        {
            refusal = $"{path} is empty: expected the password in its first line";
            return null;
        }

        return password;
    }

    private static string? NoPassword(out string? refusal)
    {
        refusal = null;
        return null;
    }

    private static X509Certificate2? NoAuthority(out string? refusal)
    {
        refusal = null;
        return null;
    }

    private static X509Certificate2? ReadAuthority(string path, out string? refusal)
    {
        try
        {
            refusal = null;
            return X509Certificate2.CreateFromPem(File.ReadAllText(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            refusal = $"{path} cannot be read as a certificate in PEM: {failure.Message}";
            return null;
        }
    }

    private static string? ReadSecret(string path, out string? refusal)
    {
        try
        {
            if (!File.Exists(path))
            {
                refusal = $"there is no file {path}";
                return null;
            }

            if (StateFiles.OthersMayUse(path))
            {
                refusal = $"others may read {path}: expected mode 0600";
                return null;
            }

            if (new FileInfo(path).Length > MostBytes)
            {
                refusal = $"{path} has more than {MostBytes} bytes";
                return null;
            }

            refusal = null;
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            refusal = $"{path} cannot be read: {failure.Message}";
            return null;
        }
    }
}
