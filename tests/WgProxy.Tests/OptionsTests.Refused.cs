namespace WgProxy.Tests;

// Texts that look right, and mean nothing that works.
public sealed partial class OptionsTests
{
    [Theory]
    [InlineData("WGPROXY_UPSTREAM_PORTS", "51820-51820", "the relay listens on this port")]
    [InlineData("WGPROXY_STATE_DIRECTORY", "/var/lib/\0", "expected")]
    [InlineData("WGPROXY_STATE_DIRECTORY", "lib", "expected")]
    public void What_leaves_no_port_or_names_no_path_is_refused(string variable, string text, string reason)
    {
        _environment[variable] = text;
        Assert.Null(Read());
        Assert.Contains(reason, Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }
}
