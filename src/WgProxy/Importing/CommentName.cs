using System.Text.RegularExpressions;
using WgProxy.Configuration;

namespace WgProxy.Importing;

/// <summary>Finds the name of a peer in the comments that people and scripts write inside or above a [Peer].</summary>
internal static partial class CommentName
{
    /// <summary>The name that these comments give; null if none does. A setting that was commented out is no name, and neither is
    /// anything that holds a key.</summary>
    /// <param name="comments">The comments, the nearest first, with their # signs.</param>
    public static string? In(IEnumerable<string> comments)
    {
        string[] all = [.. comments.Where(comment => !Secret().IsMatch(comment))];
        return all.Select(Marked).OfType<string>().FirstOrDefault() ?? all.Select(Plain).OfType<string>().FirstOrDefault();
    }

    // wg-easy and exporters write Name =, openvpn-install's relatives ### Client NAME or # BEGIN_PEER NAME.
    private static string? Marked(string comment) => Mark().Match(comment) is { Success: true } match ? FileKeys.NameLike(match.Groups["name"].Value) : null;

    private static string? Plain(string comment)
    {
        string text = comment.Trim('#', ' ', '\t', '\r');
        bool isSetting = text.Contains('=', StringComparison.Ordinal) || text.StartsWith('[') || text.StartsWith("END_PEER", StringComparison.Ordinal);
        return isSetting ? null : FileKeys.NameLike(text);
    }

    [GeneratedRegex(@"^#+\s*(?:(?:name|friendly_name|alias)\s*[=:]|BEGIN_PEER\s|client\s)\s*(?<name>\S.*)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Mark();

    // A key has 43 digits of base64.
    [GeneratedRegex("[A-Za-z0-9+/]{40}", RegexOptions.None, 1_000)]
    private static partial Regex Secret();
}
