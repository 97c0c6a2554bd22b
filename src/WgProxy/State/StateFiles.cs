using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Net;

namespace WgProxy.State;

/// <summary>Files and directories that only the relay's own user may see.</summary>
internal static class StateFiles
{
    /// <summary>0600.</summary>
    public const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>0700.</summary>
    public const UnixFileMode OwnDirectory = OwnFile | UnixFileMode.UserExecute;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Makes the directory, if it is not there.</summary>
    public static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = Directory.CreateDirectory(path);
        }
        else
        {
            _ = Directory.CreateDirectory(path, OwnDirectory);
        }
    }

    /// <summary>Whether others may put files into the directory.</summary>
    public static bool OthersMayWrite(string directory) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(directory) & OthersWrite) != UnixFileMode.None;

    /// <summary>Why a directory or one of its files is not the relay's own, in words that continue the directory; null if they are. Its
    /// owner could replace each file, or point it elsewhere. The directory itself may be a symbolic link: systemd makes one for a
    /// user of its own (DynamicUser=).</summary>
    /// <param name="directory">The directory. It must be there.</param>
    /// <param name="files">The names of files that it may have.</param>
    public static string? StrangerIn(string directory, ReadOnlySpan<string> files)
    {
        if (StrangerOf(directory) is { } owner)
        {
            return $"user {owner} owns it; expected user {HostFacts.EffectiveUser}";
        }

        foreach (string name in files)
        {
            string path = Path.Combine(directory, name);
            if (new FileInfo(path).LinkTarget is not null)
            {
                return $"{name} in it is a symbolic link; expected a file";
            }

            if (StrangerOf(path) is { } stranger)
            {
                return $"user {stranger} owns {name} in it; expected user {HostFacts.EffectiveUser}";
            }
        }

        return null;
    }

    /// <summary>Whether others than its owner may do anything with a file.</summary>
    public static bool OthersMayUse(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None;

    /// <summary>Takes a file from others. Whether they could use it.</summary>
    public static bool TakeFromOthers(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path) || (File.GetUnixFileMode(path) & Others) == UnixFileMode.None)
        {
            return false;
        }

        File.SetUnixFileMode(path, OwnFile);
        return true;
    }

    /// <summary>Opens a file to read and write, and makes it for its own user alone if it is not there.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="share">With <see cref="FileShare.None"/> it is locked (flock(2)) until it is closed, or its process ends.</param>
    public static SafeFileHandle Open(string path, FileShare share = FileShare.ReadWrite)
    {
        if (!OperatingSystem.IsWindows() && !File.Exists(path))
        {
            using FileStream made = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnFile });
        }

        return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share);
    }

    /// <summary>Replaces a file, or makes it, for its own user alone: whole or not at all, also if the process is killed meanwhile, or the
    /// power fails.</summary>
    /// <exception cref="IOException">The system refused; the former file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        string fresh = path + ".new";
        File.Delete(fresh);
        try
        {
            using (SafeFileHandle file = Open(fresh))
            {
                RandomAccess.Write(file, bytes, 0);
                RandomAccess.FlushToDisk(file);
            }

            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            // On a full disk its room is needed.
            File.Delete(fresh);
            throw;
        }
    }

    /// <summary>Opens a file that is locked (flock(2)) until it is closed or its process ends; null if another process has locked it.
    /// </summary>
    public static SafeFileHandle? TryLock(string path)
    {
        try
        {
            return Open(path, FileShare.None);
        }
        catch (IOException refusal) when (refusal.GetType() == typeof(IOException) && IsTaken(refusal))
        {
            return null;
        }
    }

    // Root may do everything anyway.
    private static uint? StrangerOf(string path) =>
        OperatingSystem.IsLinux() && HostFacts.OwnerOf(path) is { } owner && owner != 0 && owner != HostFacts.EffectiveUser ? owner : null;

    // EWOULDBLOCK of flock(2), and ERROR_SHARING_VIOLATION on Windows: the framework hands over either number.
    private static bool IsTaken(IOException refusal) =>
        (refusal.HResult & 0xFFFF) is 11 or 32 or 35;
}
