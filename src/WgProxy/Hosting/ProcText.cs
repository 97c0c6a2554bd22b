namespace WgProxy.Hosting;

/// <summary>Reads what the kernel says about itself.</summary>
internal static class ProcText
{
    /// <summary>The text of a file; null where there is none or it may not be read.</summary>
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
