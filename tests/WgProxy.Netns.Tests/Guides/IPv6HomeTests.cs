namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/ipv6-home.md.</summary>
[Trait("Engine", "None")]
public sealed class IPv6HomeTests
{
    [SystemdFact]
    public async Task A_laptop_with_IPv4_reaches_a_home_server_with_IPv6()
    {
        using Guide guide = await Guide.BeginAsync("ipv6-home");
        await guide.PlayAsync();
    }
}
