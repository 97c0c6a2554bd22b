namespace WgProxy.Core.Vocabulary;

/// <summary>
/// Names a route for as long as the program runs. Its index is used again after the route has been removed; its generation then is
/// another, so that the id of a removed route never finds a later one. The default value names no route.
/// </summary>
/// <param name="Index">Where the route stands in tables.</param>
/// <param name="Generation">How many routes, this one included, have stood there: from 1.</param>
public readonly record struct RouteId(ushort Index, ushort Generation)
{
    /// <summary>Index and generation as one number; zero for no route.</summary>
    public uint Value => ((uint)Generation << 16) | Index;

    /// <summary>The id that <see cref="Value"/> stands for.</summary>
    public static RouteId Of(uint value) => new((ushort)value, (ushort)(value >> 16));

    /// <inheritdoc/>
    public override string ToString() => Generation == 0 ? "-" : $"{Index}.{Generation}";
}
