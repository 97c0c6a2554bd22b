using System.Reflection;

namespace WgProxy.Core.Tests.Vectors;

/// <summary>A file of published vectors: one a line, words between spaces, comments behind '#'.</summary>
internal static class VectorFile
{
    public static IReadOnlyList<string[]> Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded.");
        using StreamReader reader = new(stream);
        List<string[]> rows = [];
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                rows.Add(line.Split(' '));
            }
        }

        return rows;
    }

    /// <summary>The bytes 0, 1, 2 and so on, of which the published vectors' inputs and keys consist.</summary>
    public static byte[] Counting(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];
}
