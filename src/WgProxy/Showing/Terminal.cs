using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;
using WgProxy.Logging;

namespace WgProxy.Showing;

/// <summary>The terminal, or what stands in its place.</summary>
internal static class Terminal
{
    // Into files and pipes nothing is folded.
    private const int WidthOfFile = 1_000;

    /// <summary>A console that writes there. Into a file or a pipe it writes no colours, and folds no line.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="isTerminal">Whether a terminal shows it.</param>
    public static IAnsiConsole Of(TextWriter output, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = WidthOfFile;
        }

        return console;
    }

    /// <summary>A text without anything that could control a terminal: names of servers and peers may hold any character.</summary>
    public static string Plain(string text)
    {
        if (IsPlainAscii(text))
        {
            return text;
        }

        StringBuilder plain = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = LogLine.MayControl(rune) ? plain.Append('\uFFFD') : plain.Append(rune.ToString());
        }

        return plain.ToString();
    }

    /// <summary>How many columns of a screen a text takes.</summary>
    public static int Columns(string text) => IsPlainAscii(text) ? text.Length : new Segment(text).CellCount();

    // Nearly every text, and the only kind of which tables have thousands.
    private static bool IsPlainAscii(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
