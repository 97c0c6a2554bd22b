using Spectre.Console;
using Spectre.Console.Rendering;

namespace WgProxy.Showing;

/// <summary>
/// A table without lines: columns are as wide as their widest cell, and a space is between them. Nothing is cut; a terminal that is too
/// narrow folds a line itself. Spectre's own table brings its language of markup along, with 1,800 names of emoji, which every
/// relay then holds in its memory.
/// </summary>
/// <param name="columns">The headings.</param>
internal sealed class PlainTable(params string[] columns) : Renderable
{
    private static readonly Style Heading = new(decoration: Decoration.Bold);

    private readonly List<Segment[]> _rows = [[.. columns.Select(column => new Segment(column, Heading))]];

    /// <summary>Adds a row.</summary>
    /// <param name="cells">A text for each column. What could control a terminal is taken out.</param>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(cell => new Segment(Terminal.Plain(cell)))]);

    /// <inheritdoc/>
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        int[] widths = [.. columns.Select((_, column) => _rows.Max(row => row[column].CellCount()))];
        foreach (Segment[] row in _rows)
        {
            for (int column = 0; column < row.Length; column++)
            {
                yield return row[column];
                if (column < row.Length - 1)
                {
                    yield return Segment.Padding(widths[column] - row[column].CellCount() + 1);
                }
            }

            yield return Segment.LineBreak;
        }
    }
}
