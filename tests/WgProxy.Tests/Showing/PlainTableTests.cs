using Spectre.Console;
using WgProxy.Showing;

namespace WgProxy.Tests.Showing;

/// <summary>Tables as they are written.</summary>
public sealed class PlainTableTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell_on_the_screen()
    {
        PlainTable table = new("name", "port", "proof");
        table.Add("\u6771\u4eac", "51820", "Asked");
        table.Add("amsterdam", "1", "\u001b[2JEstablished");
        Assert.Equal("name      port  proof\n\u6771\u4eac      51820 Asked\namsterdam 1     \ufffd[2JEstablished\n", Written(table, width: null));
    }

    [Fact]
    public void Where_the_terminal_is_narrow_nothing_is_cut()
    {
        PlainTable table = new("name", "public key");
        table.Add("london", Keys.Text);
        Assert.Equal($"name   public key\nlondon {Keys.Text}\n", Written(table, width: 20));
    }

    private static string Written(PlainTable table, int? width)
    {
        using StringWriter output = new() { NewLine = "\n" };
        IAnsiConsole console = Terminal.Of(output, isTerminal: false);
        console.Profile.Width = width ?? console.Profile.Width;
        console.Write(table);
        return output.ToString().ReplaceLineEndings("\n");
    }
}
