namespace WgProxy.Tests.Logging;

/// <summary>A key that was typed in the wrong place may be a private one.</summary>
[Trait("Forms", "All")]
public sealed class MisplacedKeysTests : IDisposable
{
    private const string PrivateKey = "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789ABCDEFs=";

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-secret-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--private-key=" + PrivateKey)]
    [InlineData(PrivateKey)]
    [InlineData("check --preshared-key=" + PrivateKey)]
    [InlineData("--listen " + PrivateKey)]
    [InlineData("--server " + PrivateKey)]
    [InlineData("--json=" + PrivateKey)]
    [InlineData("show --json=" + PrivateKey)]
    [InlineData("import --relay " + PrivateKey)]
    [InlineData("check --config FILE")]
    [InlineData("--config FILE")]
    [InlineData("import FILE")]
    public async Task A_key_in_the_wrong_place_is_not_repeated(string line)
    {
        string file = Path.Combine(_folder, "wrong.conf");
        await File.WriteAllTextAsync(
            file,
            $"[Interface]\nPrivateKey = {PrivateKey}\n[Relay]\nListen = {PrivateKey}\nPrivateKey = {PrivateKey}\n[Server]\nEndpoint = {PrivateKey}\nPresharedKey = {PrivateKey}\n"
                + $"Allow = {PrivateKey}\nTimeout = {PrivateKey}\n{PrivateKey}\n[Peer]\nPresharedKey = {PrivateKey}\nEndpoint = {PrivateKey}\nRate = {PrivateKey}\n[{PrivateKey}]\n",
            TestContext.Current.CancellationToken);
        using RunningProgram program = new(null, line.Replace("FILE", file, StringComparison.Ordinal).Split(' '));
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.NotEqual(0, code);
        Assert.NotEmpty(lines);
        Assert.DoesNotContain(PrivateKey[..12], output + string.Concat(lines), StringComparison.OrdinalIgnoreCase);
    }
}
