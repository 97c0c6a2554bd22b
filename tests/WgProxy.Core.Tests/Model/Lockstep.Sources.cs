using System.Net;

namespace WgProxy.Core.Tests.Model;

// Clients by number.
internal sealed partial class Lockstep
{
    /// <summary>Sources with numbers from here on have the addresses of others, and port 0.</summary>
    public const int Portless = 1_000;

    /// <summary>Sources with numbers from here on, up to those, are the same clients, and send to another port of the relay. A multiple of
    /// every number of workers, because a client belongs to one wherever it sends to.</summary>
    public const int Elsewhere = 600;

    /// <summary>The port to which most sources send.</summary>
    public const int ListenPort = 51_820;

    private const int OtherPort = 443;

    public static Source SourceOf(int number) => number switch
    {
        >= Portless => Source.From(new IPEndPoint(AddressOf(number - Portless), 0), null, ListenPort),
        >= Elsewhere => SourceOf(number - Elsewhere).To(OtherPort),
        _ => Source.From(new IPEndPoint(AddressOf(number), 1_000 + number), null, ListenPort),
    };

    /// <summary>The number of a source that has a port.</summary>
    public static int NumberOf(in Source source) => source.Port - 1_000 + (source.LocalPort == OtherPort ? Elsewhere : 0);

    /// <summary>Three ports of one IPv4 address, three addresses of one IPv6 /64, and so on.</summary>
    private static IPAddress AddressOf(int number) => IPAddress.Parse(
        number / 3 % 2 == 0 ? $"192.0.2.{1 + (number / 3)}" : $"2001:db8:0:{1 + (number / 3):x}::{number:x}");
}
