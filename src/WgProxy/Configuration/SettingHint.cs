using System.Globalization;
using WgProxy.Logging;

namespace WgProxy.Configuration;

/// <summary>Guesses what is wrong with an unreadable setting: the traps of files and tools.</summary>
internal static class SettingHint
{
    private const char ByteOrderMark = '\uFEFF';
    private const string Export = "export ";
    private const string NotAscii = "; there is a character in it that is not ASCII";

    /// <summary>A hint as the end of an error line; empty if there is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isHost">Whether it should begin with the name of a host.</param>
    public static string For(string text, bool isHost)
    {
        if (text is [('"' or '\'') and char quote, .., char last] && quote == last)
        {
            return "; the quotation marks are part of the value: files for docker's --env-file are read as they stand, so leave them out";
        }

        if (text.Contains(ByteOrderMark, StringComparison.Ordinal))
        {
            return "; it holds a byte order mark (U+FEFF), which editors add unseen: save the file as UTF-8 without one";
        }

        if (text.Contains("://", StringComparison.Ordinal))
        {
            return "; this is no URL: leave out what stands before the host and after the port";
        }

        if (text.StartsWith(Export, StringComparison.Ordinal))
        {
            return "; leave out the word export, which is a shell's";
        }

        return text.All(char.IsAscii) ? string.Empty : isHost ? InAscii(text) : NotAscii;
    }

    /// <summary>Whether a variable was probably meant as one of ours, though its name begins with something else: a byte order
    /// mark, or the word <c>export</c> of a shell's file.</summary>
    public static bool LooksLikeOurs(string name) =>
        name.Contains(OptionTable.Prefix, StringComparison.OrdinalIgnoreCase)
        && (name[0] == ByteOrderMark || name.StartsWith(Export, StringComparison.Ordinal));

    private static string InAscii(string text)
    {
        int end = text.LastIndexOf(':');
        try
        {
            string ascii = new IdnMapping().GetAscii(end < 0 ? text : text[..end]) + (end < 0 ? string.Empty : text[end..]);
            return $"; names are written in ASCII here: if this is one, write {LogLine.Quote(ascii)}";
        }
        catch (ArgumentException)
        {
            return NotAscii;
        }
    }
}
