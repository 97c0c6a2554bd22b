namespace WgProxy.Diagnosis;

/// <summary>How much a finding matters. A higher one is shown first.</summary>
internal enum Severity
{
    /// <summary>Nothing is wrong.</summary>
    Ok,

    /// <summary>Worth to know.</summary>
    Note,

    /// <summary>May cost datagrams, or a start.</summary>
    Warning,

    /// <summary>Tunnels do not work, or some of them.</summary>
    Problem,
}
