namespace WgProxy.Compare;

/// <summary>Something that carries datagrams from client to server.</summary>
internal abstract class Relay(string name) : IDisposable
{
    /// <summary>Its name in the table.</summary>
    public string Name => name;

    /// <summary>The path it works on.</summary>
    public required Way Way { get; init; }

    /// <summary>Whether it serves one client only.</summary>
    public virtual bool OnlyOneFlow => false;

    /// <summary>Where clients send to.</summary>
    public virtual string Target => Way.Relay;

    /// <summary>Its process; null if the kernel does the work.</summary>
    public virtual Child? Process => null;

    /// <summary>Whether each sender, whoever it is, takes a place in a table that a flood fills: it would show nothing but
    /// that.</summary>
    public virtual bool FillsUp => false;

    /// <summary>Whether it is to say what it counts when it is asked; set before it begins.</summary>
    public bool Tells { get; set; }

    /// <summary>Begins to relay.</summary>
    /// <param name="memoryGroup">Where its memory is to be accounted, if it is.</param>
    public abstract void Start(string? memoryGroup = null);

    /// <summary>Ends relaying; does nothing if it has not begun.</summary>
    public abstract void Stop();

    public void Dispose() => Stop();
}
