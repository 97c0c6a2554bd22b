namespace WgProxy.Hosting;

/// <summary>Reads files of /proc.</summary>
internal static class ProcText
{
    /// <summary>The text of a file; null if it does not exist or may not be read.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
