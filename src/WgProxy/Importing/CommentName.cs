using WgProxy.Configuration;

namespace WgProxy.Importing;

/// <summary>Finds the name of a peer in the comments that people and scripts write inside or above a [Peer].</summary>
internal static class CommentName
{
    // A key has 43 digits of base64.
    private const int DigitsOfSecret = 40;

    private static readonly string[] Keys = ["name", "friendly_name", "alias"];
    private static readonly string[] Marks = ["BEGIN_PEER", "client"];

    /// <summary>The name that these comments give; null if none does. A setting that was commented out is no name, and neither is
    /// anything that holds a key.</summary>
    /// <param name="comments">The comments, the nearest first, with their # signs.</param>
    public static string? In(IEnumerable<string> comments)
    {
        string[] all = [.. comments.Where(comment => !HoldsSecret(comment)).Select(comment => comment.Trim('#', ' ', '\t', '\r'))];
        return all.Select(Marked).OfType<string>().FirstOrDefault() ?? all.Select(Plain).OfType<string>().FirstOrDefault();
    }

    // wg-easy and exporters write Name =, openvpn-install's relatives ### Client NAME or # BEGIN_PEER NAME.
    private static string? Marked(string comment)
    {
        foreach (string key in Keys)
        {
            if (Behind(comment, key) is string rest && rest.TrimStart() is ['=' or ':', .. string value])
            {
                return FileKeys.NameLike(value);
            }
        }

        return Marks.Select(mark => Behind(comment, mark)).FirstOrDefault(rest => rest is [' ' or '\t', ..]) is string name ? FileKeys.NameLike(name) : null;
    }

    private static string? Plain(string comment)
    {
        bool isSetting = comment.Contains('=', StringComparison.Ordinal) || comment.StartsWith('[') || comment.StartsWith("END_PEER", StringComparison.Ordinal);
        return isSetting ? null : FileKeys.NameLike(comment);
    }

    private static string? Behind(string comment, string word) => comment.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? comment[word.Length..] : null;

    private static bool HoldsSecret(string comment)
    {
        int digits = 0;
        foreach (char letter in comment)
        {
            digits = char.IsAsciiLetterOrDigit(letter) || letter is '+' or '/' ? digits + 1 : 0;
            if (digits == DigitsOfSecret)
            {
                return true;
            }
        }

        return false;
    }
}
