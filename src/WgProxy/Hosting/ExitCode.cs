namespace WgProxy.Hosting;

/// <summary>What the program tells its caller at its end.</summary>
internal static class ExitCode
{
    /// <summary>A signal stopped it, or it did what was asked.</summary>
    public const int Done = 0;

    /// <summary>doctor has found a problem, why a cause, or check --configured no server.</summary>
    public const int ProblemsFound = 1;

    /// <summary>A setting is missing or wrong.</summary>
    public const int WrongSettings = 2;

    /// <summary>The system refused something.</summary>
    public const int SystemRefused = 3;
}
