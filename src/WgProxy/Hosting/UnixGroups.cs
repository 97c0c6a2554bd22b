using System.Globalization;

namespace WgProxy.Hosting;

/// <summary>The groups of this host.</summary>
internal static class UnixGroups
{
    private const string File = "/etc/group";

    /// <summary>The number of a group by its name in /etc/group, or of a number; null if there is none. Groups of a directory
    /// service are known by their numbers only.</summary>
    public static uint? NumberOf(string group)
    {
        if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        try
        {
            // name:password:number:members (group(5)).
            string[]? fields = System.IO.File.ReadLines(File).Select(line => line.Split(':'))
                .FirstOrDefault(fields => fields.Length >= 3 && string.Equals(fields[0], group, StringComparison.Ordinal));
            return fields is not null && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out number) ? number : null;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
