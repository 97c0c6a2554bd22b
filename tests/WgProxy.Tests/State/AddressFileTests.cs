using System.Net;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>To what names were resolved, kept over a restart.</summary>
public sealed class AddressFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-addresses-").FullName;
    private readonly List<string> _refusals = [];

    private string FilePath => Path.Combine(_folder, "addresses");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_saved_last_is_known_to_the_next()
    {
        AddressFile file = new(FilePath, _refusals.Add);
        Assert.Empty(file.Of("a.example:1"));
        IPAddress[] addresses = [IPAddress.Parse("2001:db8::1"), IPAddress.Parse("192.0.2.1")];
        file.Save(() => [("a.example:1", [IPAddress.Loopback])]);
        file.Save(() => [("a.example:1", addresses), ("unresolved.example:1", []), ("b.example:2", [addresses[1]])]);
        await file.EndAsync();
        AddressFile next = new(FilePath, _refusals.Add);
        Assert.Equal(addresses, next.Of("A.example:1"));
        Assert.Equal([addresses[1]], next.Of("b.example:2"));
        Assert.Empty(next.Of("unresolved.example:1"));
        Assert.Empty(_refusals);

        // The same again writes nothing.
        File.Delete(FilePath);
        next.Save(() => [("a.example:1", addresses), ("b.example:2", [addresses[1]])]);
        await next.EndAsync();
        Assert.False(File.Exists(FilePath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.example:1")]
    [InlineData("a.example:1 192.0.2.x")]
    [InlineData("a.example:1 192.0.2.1 and 192.0.2.2")]
    [InlineData(" \n\n 1 \r\n")]
    public void A_line_that_says_anything_else_is_passed_over(string text)
    {
        File.WriteAllText(FilePath, $"{text}\nb.example:2 192.0.2.2\n");
        AddressFile file = new(FilePath, _refusals.Add);
        Assert.Empty(file.Of("a.example:1"));
        Assert.Equal([IPAddress.Parse("192.0.2.2")], file.Of("b.example:2"));
    }

    [Fact]
    public void Any_bytes_are_read_as_something()
    {
        Random random = new(12);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            for (int at = 0; at < bytes.Length; at++)
            {
                bytes[at] = random.Next(3) == 0 ? bytes[at] : (byte)" \n:.1f"[random.Next(6)];
            }

            File.WriteAllBytes(FilePath, bytes);
            Assert.Empty(new AddressFile(FilePath, _refusals.Add).Of("a.example:1"));
        }
    }

    [Fact]
    public async Task A_refusal_to_write_is_told()
    {
        AddressFile file = new(Path.Combine(_folder, "nowhere", "addresses"), _refusals.Add);
        file.Save(() => [("a.example:1", [IPAddress.Loopback])]);
        await file.EndAsync();
        _ = Assert.Single(_refusals);
    }
}
