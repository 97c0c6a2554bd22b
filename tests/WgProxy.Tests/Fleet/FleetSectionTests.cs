using System.Runtime.Versioning;
using WgProxy.Configuration;
using WgProxy.Fleet;

namespace WgProxy.Tests.Fleet;

/// <summary>What the section [Fleet] says, and everything that may be wrong with it.</summary>
[SupportedOSPlatform("linux")]
public sealed class FleetSectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-fleet-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_section_is_read()
    {
        RelayFile file = RelayFile.Parse("f", "[Fleet]\nStore = rediss://relays@store.example.com/3\nKey = /k\nName = relay-a\nPasswordFile = /p\nAuthorityFile = /a\n");
        Assert.Equal(0, file.Faults.Count);
        FleetSettings fleet = file.Fleet!;
        Assert.Equal(("rediss://relays@store.example.com/3", "/k", "relay-a", "/p", "/a"), (fleet.Store.Text, fleet.KeyFile, fleet.Name, fleet.PasswordFile, fleet.AuthorityFile));
        StackExchange.Redis.ConfigurationOptions options = StoreConnection.OptionsOf(fleet, "secret", null);
        Assert.Equal((true, "relays", 3, "secret"), (options.Ssl, options.User, options.DefaultDatabase, options.Password));
        Assert.Equal("f:3: Key", fleet.Places["Key"]);
        Assert.True(fleet.SaysTheSame(RelayFile.Parse("f", "\n\n[fleet]\nStore = rediss://relays@store.example.com/3\nKey = /k\nName = relay-a\nPasswordFile = /p\nAuthorityFile = /a\n").Fleet));
        Assert.NotNull(RelayFile.Parse("f", "[Fleet]\nStore = redis://192.0.2.1\nKey = /k").Fleet!.Name);
    }

    [Theory]
    [InlineData("[Fleet]\nKey = /k", "1: [Fleet] has no Store")]
    [InlineData("[Fleet]\nStore = redis://a", "1: [Fleet] has no Key")]
    [InlineData("[Fleet]\nStore = http://a\nKey = /k", "2: Store is \"http://a\": expected redis://")]
    [InlineData("[Fleet]\nStore = redis://a/x\nKey = /k", "2: Store is \"redis://a/x\": expected redis://")]
    [InlineData("[Fleet]\nStore = unix:relative\nKey = /k", "2: Store is")]
    [InlineData("[Fleet]\nStore = redis://a\nKey = k", "3: Key is \"k\": expected an absolute path")]
    [InlineData("[Fleet]\nStore = redis://a\nKey = /k\nName = a b", "4: Name is")]
    [InlineData("[Fleet]\nStore = redis://a\nKey = /k\nPasswrdFile = /p", "4: unknown key \"PasswrdFile\": did you mean PasswordFile?")]
    [InlineData("[Fleet]\nStore = redis://a\nKey = /k\n[Fleet]\nKey = /k", "4: [Fleet] stands once in a file: line 1 has it")]
    [InlineData("[Fleets]\nKey = /k", "did you mean [Fleet]?")]
    public void What_is_wrong_is_said_with_its_line(string text, string expected) =>
        Assert.Contains(RelayFile.Parse("f", text).Faults.Kept, fault => $"{fault.Line}: {fault.Text}".Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("redis://user:geheim@a")]
    [InlineData("a:6379,password=geheim")]
    public void A_password_in_the_address_is_refused_and_the_reason_is_said(string store) =>
        Assert.Contains(RelayFile.Parse("f", $"[Fleet]\nStore = {store}\nKey = /k").Faults.Kept, fault => fault.Text.Contains("it holds a password", StringComparison.Ordinal) && !fault.Text.Contains("geheim", StringComparison.Ordinal));

    [Theory]
    [InlineData("redis://192.0.2.1:7000")]
    [InlineData("redis://[2001:db8::1]:7000")]
    [InlineData("unix:/run/redis/s")]
    [InlineData("unix:///run/redis/s")]
    [InlineData("a:6379,b:6379,serviceName=main")]
    public void Addresses_take_several_forms(string text) => Assert.True(StoreAddress.TryParse(text, out _, out _));

    [Fact]
    public void The_key_is_a_file_that_nobody_else_may_read()
    {
        string path = Path.Combine(_folder, "key");
        Assert.Contains("there is no file", RefusalOf(path), StringComparison.Ordinal);
        File.WriteAllText(path, Convert.ToBase64String([.. Enumerable.Range(1, 32).Select(value => (byte)value)]) + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("expected mode 0600", RefusalOf(path), StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(RefusalOf(path));
        foreach (string wrong in (string[])["", "c2VjcmV0", new string('A', 43) + "=", new string('x', 44)])
        {
            File.WriteAllText(path, wrong);
            string refusal = RefusalOf(path)!;
            Assert.Contains("as `wg genkey` prints", refusal, StringComparison.Ordinal);
            Assert.True(wrong.Length == 0 || !refusal.Contains(wrong, StringComparison.Ordinal));
        }
    }

    private static string? RefusalOf(string path)
    {
        _ = FleetFiles.ReadKey(path, out string? refusal);
        return refusal;
    }
}
