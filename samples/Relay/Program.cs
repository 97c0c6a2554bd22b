// A relay for one server: Relay LISTEN PUBLICKEY SERVER [portable], such as Relay [::]:51820 KEY [2001:db8::7]:51820
using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;
using WgProxy.Linux;
using WgProxy.Portable;

// The engine must not wait for a slow terminal. What does not fit is not shown.
Channel<RelayEvent> events = Channel.CreateBounded<RelayEvent>(1_000);
EngineSettings settings = new()
{
    Listen = [IPEndPoint.Parse(args[0])],
    Routes = [new Route(PublicKey.Parse(args[1])) { Server = IPEndPoint.Parse(args[2]) }],
    Seeds = EngineSeeds.From(RandomNumberGenerator.Fill),
    Observe = change => events.Writer.TryWrite(change),
};
bool isPortable = args.Contains("portable") || !OperatingSystem.IsLinux();
using IEngine engine = isPortable ? new PortableEngine(settings) : new LinuxEngine(settings);
engine.Start();
Console.CancelKeyPress += (_, press) => press.Cancel = events.Writer.TryComplete();
Console.WriteLine($"{engine.GetType().Name} relays from {string.Join(" and ", engine.Listening)}");
await foreach (RelayEvent change in events.Reader.ReadAllAsync())
{
    Console.WriteLine($"{change.Kind}: {change.Source} by port {change.Port}");
}
