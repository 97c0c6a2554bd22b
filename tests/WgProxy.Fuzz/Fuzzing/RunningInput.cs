using System.IO.MemoryMappedFiles;

namespace WgProxy.Fuzz.Fuzzing;

/// <summary>The input that is being tried, in a mapped file: it is there even if the process ends on it.</summary>
internal sealed class RunningInput : IDisposable
{
    private const int Size = 4_096;
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public RunningInput(string target)
    {
        Directory.CreateDirectory(CorpusFile.Found);
        _path = PathOf(target);
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, mapName: null, Size);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Where it stands: a length of four bytes, and the input.</summary>
    public static string PathOf(string target) => Path.Combine(CorpusFile.Found, $"{target}.running");

    /// <summary>What a process left that did not end by itself.</summary>
    public static byte[] Left(string target)
    {
        byte[] bytes = File.ReadAllBytes(PathOf(target));
        return bytes[4..(4 + BitConverter.ToInt32(bytes))];
    }

    /// <summary>What to do with a file of inputs.</summary>
    public static string HowToReplay(string target, string path) =>
        $"to replay: WGPROXY_FUZZ_TARGET={target} WGPROXY_FUZZ_INPUT={path} artifacts/bin/WgProxy.Fuzz/release/WgProxy.Fuzz -explicit only -class '*ReplayTests'";

    /// <summary>This one is next.</summary>
    public void Set(byte[] input)
    {
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, input.Length);
    }

    /// <summary>All inputs came to their end.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
