namespace WgProxy.Figures;

/// <summary>One label of a series, which OpenTelemetry calls an attribute.</summary>
/// <param name="Key">Its key: a word of this program.</param>
/// <param name="Value">Its value: any text, if it is a name that the operator gave.</param>
internal readonly record struct Label(string Key, string Value);
