using System.Net;
using System.Runtime.Versioning;
using WgProxy.Configuration;

namespace WgProxy.Tests.Standby;

/// <summary>Settings by which a standby could not go on where the other relay was are refused, by name.</summary>
[SupportedOSPlatform("linux")]
public sealed class PairSettingsTests : IDisposable
{
    private const string Shared = "Standby = second\nSharedAddress = 192.0.2.10\n";
    private const string Relay = "UpstreamAddress = 192.0.2.10\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-pair-").FullName;
    private readonly HeardLog _heard = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Listen = 192.0.2.10:51820\n" + Relay, Shared)]
    [InlineData("Listen = [::]:51820\n" + Relay, Shared)]
    [InlineData("Listen = 192.0.2.10:51820\nUpstreamAddress = 2001:db8::10\n", "Standby = second\nSharedAddress = 192.0.2.10, 2001:db8::10\n")]
    public void A_pair_sends_and_listens_by_its_addresses(string relay, string fleet)
    {
        Options? options = Read(relay, fleet);
        Assert.Empty(_heard.Lines);
        Assert.Equal("second", options!.Fleet!.Standby);
        Assert.Contains(IPAddress.Parse("192.0.2.10"), options.Fleet.SharedAddresses);
    }

    [Theory]
    [InlineData("", Shared, "UPSTREAM_ADDRESS) is \"any\": the relay stands by for \"second\", and servers must hear both from the address that they share; expected 192.0.2.10")]
    [InlineData("UpstreamAddress = 192.0.2.1\n", Shared, "is \"192.0.2.1/32\": the relay stands by for \"second\"")]
    [InlineData("UpstreamAddress = 192.0.2.10, 192.0.2.1\n", Shared, "is \"192.0.2.1/32\": the relay stands by for \"second\"")]
    [InlineData("UpstreamAddress = 192.0.2.8/29\n", Shared, "is \"192.0.2.8/29\": the relay stands by for \"second\"")]
    [InlineData("Listen = 192.0.2.1:51820\n" + Relay, Shared, "is \"192.0.2.1:51820\": clients that send there cannot follow to \"second\"; expected 192.0.2.10, or every address")]
    [InlineData(Relay, "Standby = second\n", "Standby is \"second\": expected SharedAddress too")]
    [InlineData(Relay, "SharedAddress = 192.0.2.10\n", "SharedAddress is 192.0.2.10: expected Standby too")]
    [InlineData(Relay, "Standby = first\nSharedAddress = 192.0.2.10\n", "Standby is \"first\": that is this relay's own Name")]
    [InlineData(Relay, "Standby = second\nSharedAddress = 192.0.2.10/24\n", "SharedAddress is \"192.0.2.10/24\": expected addresses without a prefix")]
    [InlineData(Relay, "Standby = second\nSharedAddress = 0.0.0.0\n", "SharedAddress is \"0.0.0.0\": expected addresses without a prefix")]
    public void Anything_else_is_refused(string relay, string fleet, string expected)
    {
        Assert.Null(Read(relay, fleet));
        Assert.Contains(_heard.Lines, line => line.Contains(expected, StringComparison.Ordinal));
    }

    private Options? Read(string relay, string fleet)
    {
        string key = Path.Combine(_folder, "key");
        File.WriteAllText(key, Convert.ToBase64String([.. Enumerable.Range(1, 32).Select(value => (byte)value)]));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string file = Path.Combine(_folder, "a.conf");
        File.WriteAllText(file, $"[Relay]\n{relay}[Fleet]\nStore = redis://192.0.2.20\nKey = {key}\nName = first\n{fleet}[Server]\nPublicKey = {Keys.TextOf(1)}\nEndpoint = a.example:1\n");
        string[] arguments = ["--config", file];
        return new OptionsReader(new CommandLine(arguments), new System.Collections.Hashtable(), _heard.Log).Read();
    }
}
