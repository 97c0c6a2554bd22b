namespace WgProxy.Core.Vocabulary;

/// <summary>What is counted of a directory, in which a relay seeks indices that it does not know.</summary>
internal enum DirectoryCount : byte
{
    /// <summary>An index was sought.</summary>
    Sought,

    /// <summary>An index was not sought, because a budget was used up or too many waited.</summary>
    OverBudget,

    /// <summary>A tunnel was told of in time.</summary>
    Found,

    /// <summary>A tunnel was told of when its answer was no longer expected. It is kept all the same.</summary>
    Late,

    /// <summary>A tunnel was told of that is none of a route here, or to which the index does not lead.</summary>
    NotOurs,

    /// <summary>A client's packet led to a tunnel that was told of.</summary>
    Used,
}
