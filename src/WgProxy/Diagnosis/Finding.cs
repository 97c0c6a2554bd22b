namespace WgProxy.Diagnosis;

/// <summary>What an examination found.</summary>
/// <param name="Kind">The kind, which is documented.</param>
/// <param name="Text">What it is on this host, in one sentence.</param>
/// <param name="Mend">The one line that mends it; empty where nothing is to be mended.</param>
internal sealed record Finding(FindingKind Kind, string Text, string Mend);

/// <summary>A kind of finding: one row of the table that the program and its documents share.</summary>
/// <param name="Severity">How much it matters.</param>
/// <param name="Name">Its name for scripts.</param>
/// <param name="Text">The sentence, with names in braces where this host's values go.</param>
/// <param name="Mend">The line that mends it, likewise; empty where nothing is to be mended.</param>
internal sealed record FindingKind(Severity Severity, string Name, string Text, string Mend)
{
    /// <summary>The finding with these values.</summary>
    /// <param name="values">A value for each name in braces.</param>
    public Finding With(params (string Name, object Value)[] values) => new(this, Fill(Text, values), Fill(Mend, values));

    private static string Fill(string text, (string Name, object Value)[] values) => values.Aggregate(
        text, (filled, each) => filled.Replace($"{{{each.Name}}}", $"{each.Value}", StringComparison.Ordinal));
}

/// <summary>What could not be seen, and what it would take to see it.</summary>
/// <param name="What">What was to be seen.</param>
/// <param name="Why">Why it was not, and what to do.</param>
internal sealed record Unseen(string What, string Why);
