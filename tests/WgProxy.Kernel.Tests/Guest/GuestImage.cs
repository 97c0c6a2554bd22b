namespace WgProxy.Kernel.Tests.Guest;

/// <summary>The kernel and the root that the machine boots, made by <c>tools/kernel-guest.sh</c> and kept under
/// <c>artifacts/kernel</c>.</summary>
internal sealed record GuestImage(string Kernel, string Root, string Release)
{
    /// <summary>Whether the relay's program runs in the machine too: the native form is one file, the framework form needs .NET.</summary>
    public static bool HasRelay { get; } = !File.Exists(Path.ChangeExtension(RelayProcess.Binary, ".dll"));

    /// <summary>Makes the image; the first time that fetches the kernel's package.</summary>
    /// <exception cref="InvalidOperationException">It cannot be had here: the message is the reason.</exception>
    public static GuestImage Make()
    {
        string folder = Path.Combine(Repository(), "artifacts", "kernel");
        try
        {
            Command.Run(Path.Combine(Repository(), "tools", "kernel-guest.sh"), HasRelay ? [folder, RelayProcess.Binary] : [folder]);
        }
        catch (InvalidOperationException refused)
        {
            int reason = refused.Message.IndexOf("kernel-guest: ", StringComparison.Ordinal);
            throw new InvalidOperationException(reason < 0 ? refused.Message : refused.Message[reason..].Trim(), refused);
        }

        return new GuestImage(
            Path.Combine(folder, "vmlinuz"), Path.Combine(folder, "initrd"), File.ReadAllText(Path.Combine(folder, "name")).Trim());
    }

    private static string Repository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder != null && !File.Exists(Path.Combine(folder, "WgProxy.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"no WgProxy.slnx above {AppContext.BaseDirectory}");
    }
}
