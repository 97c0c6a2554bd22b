using System.Text.Json;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>The relay's messages in a real journal.</summary>
[Trait("Engine", "None")]
public sealed class JournalTests
{
    [SystemdFact]
    public async Task The_journal_of_systemd_has_the_relays_fields()
    {
        using SystemdHost host = await SystemdHost.BootAsync($"""
            Type=notify
            ExecStart={RelayProcess.Binary}
            StandardError=journal
            Environment=WGPROXY_SERVER=192.0.2.1:51820
            Environment=WGPROXY_PUBKEY={WireGuardKey.New().Public}
            Environment=WGPROXY_LISTEN=127.0.0.1:51820
            """);
        host.Control("start", "systemd-journald.service");
        host.Control("start", "wgproxy.service");
        string[] entries = [];
        await Eventually.TrueAsync(
            () => (entries = host.Journal("SYSLOG_IDENTIFIER=wgproxy")).Any(entry => entry.Contains("Resolved", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(20),
            () => string.Join('\n', host.Journal()));
        using JsonDocument entry = JsonDocument.Parse(entries.First(each => each.Contains("Resolved", StringComparison.Ordinal)));
        Assert.Equal("server 192.0.2.1:51820 is at 192.0.2.1:51820", entry.RootElement.GetProperty("MESSAGE").GetString());
        Assert.Equal("6", entry.RootElement.GetProperty("PRIORITY").GetString());
        Assert.Equal("Resolved", entry.RootElement.GetProperty("WGPROXY_EVENT").GetString());
        Assert.Equal("journal", entry.RootElement.GetProperty("_TRANSPORT").GetString());
        host.Control("stop", "wgproxy.service");
    }
}
