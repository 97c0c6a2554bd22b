using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

// wgproxy --version and what else tells of the program itself; wgproxy check and wgproxy import.
public sealed partial class ProgramTests
{
    [Fact]
    public async Task Version_is_one_line()
    {
        using RunningProgram program = new(null, "--version");
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Matches("^wgproxy [0-9]+\\.[0-9]+\\.[0-9]+[^ ]*\n$", output);
        Assert.Empty(lines);
    }

    // Decision 34. Each form takes what it has: the framework form what .NET has in this process too, the native form what the processor says.
    [Fact]
    public async Task At_the_highest_log_level_it_says_by_which_instructions_mac1_is_compared()
    {
        using RunningProgram program = new(_environment, "--log-level", "3");
        string said = await program.LineAsync(" mac1 is compared with ");
        bool isNative = !File.Exists(Path.Combine(Path.GetDirectoryName(RunningProgram.Binary)!, "wgproxy.dll"));
        string expected = isNative ? OfThisProcessor() : $"{Mac1Matchers.Best.KeysPerStep} keys at once: {Mac1Matchers.Best.Name}";
        TestContext.Current.TestOutputHelper!.WriteLine($"measured: {(isNative ? "native" : "framework")} form: {said[(said.IndexOf(" mac1 ", StringComparison.Ordinal) + 1)..]}");
        Assert.EndsWith($" debug mac1 is compared with up to {expected}", said, StringComparison.Ordinal);

        static string OfThisProcessor()
        {
            string[] flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
            return flags.Contains("avx512f") && flags.Contains("avx512_vbmi2") ? "16 keys at once: AVX-512"
                : flags.Contains("avx2") ? "8 keys at once: AVX2"
                : "4 keys at once: 128 bits (.NET)";
        }
    }

    [Fact]
    public async Task Check_says_where_each_server_is_and_ends()
    {
        using Farm farm = new(2);
        using RunningProgram program = new(null, "check", "--config", farm.Write());
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Empty(lines);
        string[] said = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, said.Length);
        Assert.EndsWith(": 2 servers, 0 peers; clients use 127.0.0.1:0", said[0], StringComparison.Ordinal);
        Assert.Matches($@"^server s2 \(127\.0\.0\.1:[0-9]+\), public key {System.Text.RegularExpressions.Regex.Escape(Keys.TextOf(2))}: is at 127\.0\.0\.1:[0-9]+$", said[2]);
    }

    // What is wrong is told by the relay, which a unit starts only if this says yes.
    [Theory]
    [InlineData("[Relay]\nLogLevel = 3\n", 1)]
    [InlineData("[Server]\n", 0)]
    [InlineData("Colour = red\n", 0)]
    [InlineData(null, 0)]
    public async Task Check_tells_whether_a_server_is_configured(string? text, int code)
    {
        string file = Path.Combine(Path.GetTempPath(), $"wgproxy-configured-{Guid.NewGuid():N}.conf");
        if (text is not null)
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        }

        using RunningProgram asked = new(null, "check", "--configured", "--config", file);
        (int ended, string output, string[] lines) = await asked.ExitAsync();
        Assert.Equal((code, ""), (ended, output));
        if (code == 1)
        {
            Assert.Contains($"no server is configured: expected a [Server] with Endpoint and PublicKey in {file}, or ", Assert.Single(lines), StringComparison.Ordinal);
            using RunningProgram named = new(_environment, "check", "--configured", "--config", file);
            Assert.Equal((0, "", 0), await named.ExitAsync() is var (second, said, errors) ? (second, said, errors.Length) : default);
        }

        File.Delete(file);
    }

    [Fact]
    public async Task Check_finds_a_wrong_setting_and_a_name_that_is_not_there()
    {
        using Farm farm = new(1);
        using RunningProgram wrong = new(null, "check", "--config", farm.Write(null, "Colour = red\n"));
        Assert.Contains(":3: unknown key \"Colour\"", await RefusalAsync(wrong, 2), StringComparison.Ordinal);

        using RunningProgram unknown = new(_environment, "check", "--server", "no-such-host.invalid:1");
        (int code, string output, string[] lines) = await unknown.ExitAsync();
        Assert.Equal(3, code);
        Assert.Empty(lines);
        Assert.Contains("server no-such-host.invalid:1, public key ", output, StringComparison.Ordinal);
        Assert.Contains(": cannot be resolved: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_writes_a_file_that_check_takes()
    {
        using RunningProgram import = new(_environment, "import");
        (int code, string output, string[] lines) = await import.ExitAsync();
        Assert.Equal(0, code);
        Assert.Empty(lines);
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, output);
            using RunningProgram check = new(null, "check", "--config", file);
            Assert.Equal((0, $"{file}: 1 server, 0 peers; clients use 127.0.0.1:0\nserver 192.0.2.1 (192.0.2.1:51820), public key {Keys.Text}: is at 192.0.2.1:51820\n"),
                await check.ExitAsync() is var (ended, said, _) ? (ended, said) : default);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
