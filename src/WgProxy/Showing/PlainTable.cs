using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace WgProxy.Showing;

/// <summary>
/// A table without lines: columns are as wide as their widest cell, and a space is between them. Nothing is cut; a terminal that is too
/// narrow folds a line itself. Spectre's own table brings its language of markup along, with 1,800 names of emoji, which every
/// relay then holds in its memory. A row is one segment, because Spectre takes microseconds for each.
/// </summary>
/// <param name="columns">The headings.</param>
internal sealed class PlainTable(params string[] columns) : Renderable
{
    private static readonly Style Heading = new(decoration: Decoration.Bold);

    private readonly List<string[]> _rows = [columns];

    /// <summary>Adds a row.</summary>
    /// <param name="cells">A text for each column. What could control a terminal is taken out.</param>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Terminal.Plain)]);

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        int[] widths = [.. columns.Select((_, column) => _rows.Max(row => Terminal.Columns(row[column])))];
        StringBuilder line = new();
        foreach (string[] row in _rows)
        {
            _ = line.Clear();
            for (int column = 0; column < row.Length; column++)
            {
                _ = line.Append(row[column]);
                if (column < row.Length - 1)
                {
                    _ = line.Append(' ', widths[column] - Terminal.Columns(row[column]) + 1);
                }
            }

            yield return new Segment(line.ToString(), row == columns ? Heading : Style.Plain);
            yield return Segment.LineBreak;
        }
    }
}
