using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>wgproxy.conf(5).</summary>
internal static class FilePage
{
    /// <summary>The page's text.</summary>
    public static string Build()
    {
        Mdoc page = new("wgproxy.conf", 5, "configuration of the WireGuard relay");
        page.Section("DESCRIPTION");
        page.Line(".Xr wgproxy 1");
        page.Text($"reads its settings from flags, variables and this file, in that order. Without --config it reads {ConfigFile.Default}, if that file exists and no option names a server.");
        page.Paragraph("The file is written in the dialect of wg-quick. A line is a section, or a key and its value. A comment begins with # and ends with its line. Case does not count in the names of sections and keys. A key that is a list may be repeated, and its values may have commas between them. The file holds no secret: a private key in it is an error.");
        page.Paragraph("On SIGHUP, and on systemctl reload wgproxy, the relay reads the file again and takes it over whole or not at all. Servers, their peers, and all their keys can change. "
            + $"Of the section [Relay], {string.Join(", ", FileKeys.Relay.Where(key => key.Row!.CanChange).Select(key => key.Name))} can change. A change of any other key there is refused until a restart.");
        Section(page, "THE RELAY SECTION", "[Relay] stands at most once.", FileKeys.Relay);
        Section(page, "THE SERVER SECTION", "Each server has a [Server]. Clients of all servers use the same endpoint, which is the relay's.", FileKeys.Server);
        Section(page, "THE PEER SECTION", "[Peer] names a client of the server above it.", FileKeys.Peer);
        Section(page, "THE FLEET SECTION", "[Fleet] stands at most once. With it, relays tell each other of their tunnels by a store that speaks the Redis protocol.", FileKeys.Fleet);
        page.Section("FILES");
        page.List([($"Pa {ConfigFile.Default}", "The file of the service.")]);
        page.Section("EXAMPLES");
        page.Literal("""
            [Relay]
            Listen = [::]:51820

            [Server]
            Name = home
            PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
            Endpoint = home.example.com:51820

            [Peer]
            Name = alice-phone
            PublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=
            Rate = 50mbit
            """);
        page.Section("SEE ALSO");
        page.Line(".Xr wgproxy 1 ,");
        page.Line(".Xr wg-quick 8");
        return page.ToString();
    }

    private static void Section(Mdoc page, string title, string first, IEnumerable<FileKey> keys)
    {
        page.Section(title);
        page.Text(first);
        page.List(keys.Select(key => (
            $"Cm {key.Name}",
            $"{key.Help} Expected: {key.Expected}.{(key.IsList ? " May be repeated." : string.Empty)} {(key.Default is null ? "Required." : $"Without it: {key.Default}.")}")));
    }
}
