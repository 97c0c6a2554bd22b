using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Tests;

/// <summary><c>mac1_lanes.c</c> as a library, by each of the compilers that link the native form.</summary>
internal static class Mac1Library
{
    private static readonly Dictionary<string, nint> Loaded = new(StringComparer.Ordinal);

    /// <summary>What compares so many keys at once. Skips the test where there is none.</summary>
    public static unsafe NativeMac1Matcher Matcher(string compiler, int lanes)
    {
        nint library = Load(compiler);
        Assert.SkipUnless(Avx2.IsSupported && (lanes == 8 || Avx512F.IsSupported), $"this processor cannot compare {lanes} keys at once");
        nint match = NativeLibrary.GetExport(library, nameof(Mac1Lanes.wgproxy_mac1_match));
        return new NativeMac1Matcher(lanes, ((delegate* unmanaged<int, delegate* unmanaged<uint*, int, byte*, int, int>>)match)(lanes));
    }

    /// <summary>Whether the library can be made here.</summary>
    public static bool IsThere(string compiler) => RuntimeInformation.ProcessArchitecture == Architecture.X64 && TryLoad(compiler) != 0;

    /// <summary>The library. Skips the test where there is no such compiler.</summary>
    public static nint Load(string compiler)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "mac1_lanes.c has nothing for processors but x86-64");
        nint library = TryLoad(compiler);
        Assert.SkipWhen(library == 0, $"no {compiler} on this machine (./test installs gcc)");
        return library;
    }

    /// <summary>What the compiler makes of the source, as text; empty if there is no such compiler.</summary>
    public static string Compile(string compiler, params string[] options)
    {
        string file = Path.GetTempFileName();
        try
        {
            return TryCompile(compiler, file, options) ? File.ReadAllText(file) : "";
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static nint TryLoad(string compiler)
    {
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(compiler, out nint library))
            {
                string file = Path.Combine(Path.GetTempPath(), $"wgproxy-mac1-lanes-{compiler}-{Environment.ProcessId}.so");
                Loaded[compiler] = library = TryCompile(compiler, file, "-shared", "-fPIC") ? NativeLibrary.Load(file) : 0;
                File.Delete(file);
            }

            return library;
        }
    }

    private static bool TryCompile(string compiler, string into, params string[] options)
    {
        try
        {
            using Process process = Process.Start(
                compiler, [.. options, "-O2", "-Wall", "-Wextra", "-Werror", "-o", into, Path.Combine(AppContext.BaseDirectory, "Native", "mac1_lanes.c")]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
