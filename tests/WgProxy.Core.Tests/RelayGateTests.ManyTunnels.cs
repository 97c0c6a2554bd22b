using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Thousands of tunnels that renew their keys every 120 s, as WireGuard does, and a server that is loaded or is only said to be.
public sealed partial class RelayGateTests
{
    private const int Seconds = 360;

    /// <summary>Who says that the server is loaded.</summary>
    public enum Says
    {
        /// <summary>A forger of the server's address, on a mapping of his own that is not proven: he answers himself, and never
        /// uses the answer.</summary>
        AForgerWithoutProof,

        /// <summary>The same on one that he has proven by using it.</summary>
        AForgerWithAProvenMapping,

        /// <summary>The server, and it is true.</summary>
        TheServer,
    }

    [Theory]
    [InlineData(4_000, Says.AForgerWithoutProof, false)]
    [InlineData(8_000, Says.AForgerWithoutProof, false)]
    [InlineData(8_000, Says.AForgerWithAProvenMapping, false)]
    [InlineData(8_000, Says.AForgerWithAProvenMapping, true)]
    public void Who_forges_a_loaded_server_lets_no_tunnel_run_out_of_keys(int tunnels, Says who, bool haveOneAddress)
    {
        RekeyingTunnels all = new(tunnels, haveOneAddress, isLoaded: false, output);
        all.Run(who);
        Assert.Equal(0, all.RanOut);
        Assert.InRange(all.LongestMilliseconds, 0, 16_000);
    }

    // 20 a second and address are 2,400 in 120 s, and those who wait ask again each 5 s: a loaded server lets the tunnels of more
    // run out of keys, through a relay as through a NAT.
    [Theory]
    [InlineData(2_000, 0)]
    [InlineData(4_000, 75)]
    public void A_server_that_is_loaded_is_asked_for_as_many_as_it_judges(int tunnels, int mostPercent)
    {
        RekeyingTunnels all = new(tunnels, haveOneAddress: false, isLoaded: true, output);
        all.Run(Says.TheServer);
        Assert.InRange(all.RanOut * 100.0 / tunnels, 0, mostPercent);
        Assert.InRange(all.JudgedPerSecond, tunnels == 2_000 ? 15 : 19, 21);
    }

    // A carrier's NAT, or an office: all tunnels are of one site, and so are those who come new.
    [Theory]
    [InlineData(200)]
    [InlineData(2_000)]
    public void Behind_one_address_a_loaded_server_is_asked_for_as_many_as_it_judges(int tunnels)
    {
        RekeyingTunnels all = new(tunnels, haveOneAddress: true, isLoaded: true, output, newcomers: 40);
        all.Run(Says.TheServer);
        Assert.InRange(all.RanOut * 1_000.0 / tunnels, 0, 2);
        Assert.Equal(40, all.NewcomersIn);
        Assert.InRange(all.LongestNewcomerMilliseconds, 0, 40_000);
    }

    /// <summary>Clients in use, with keys of every age from the start, and their server.</summary>
    private sealed class RekeyingTunnels
    {
        private const int RekeyMilliseconds = 120_000;
        private const int RejectMilliseconds = 180_000;
        private readonly RelayDriver _driver = new(new RelaySettings());
        private readonly Random _random = new(1);
        private readonly Client[] _clients;
        private readonly PriorityQueue<Client, long> _due = new();
        private readonly bool _isLoaded;
        private readonly ITestOutputHelper _output;
        private uint _index = 0x100_0000;
        private double _tokens = 5;
        private int _judged;
        private int _forged;

        public RekeyingTunnels(int tunnels, bool haveOneAddress, bool isLoaded, ITestOutputHelper output, int newcomers = 0)
        {
            (_isLoaded, _output) = (isLoaded, output);
            _clients = [.. Enumerable.Range(0, tunnels).Select(number => new Client(haveOneAddress ? RelayDriver.Client(number) : Site(number)))];
            foreach (Client client in _clients)
            {
                uint index = ++_index;
                _driver.Establish(client.Source, index, index);
                client.KeysAt = Now - _random.Next(RekeyMilliseconds);
                _due.Enqueue(client, client.KeysAt + RekeyMilliseconds);
            }

            // They come while the others renew their keys, and are to be in before the end.
            foreach (int number in Enumerable.Range(tunnels, newcomers))
            {
                long at = Now + _random.Next(30_000, (Seconds - 60) * 1_000);
                _due.Enqueue(new Client(RelayDriver.Client(number)) { IsNewcomer = true, KeysAt = at }, at);
            }
        }

        public int NewcomersIn { get; private set; }

        public long LongestNewcomerMilliseconds { get; private set; }

        public int RanOut => _clients.Count(client => client.RanOut);

        public long LongestMilliseconds { get; private set; }

        public double JudgedPerSecond => _judged / (double)Seconds;

        private long Now => _driver.Now.Milliseconds;

        public void Run(Says who)
        {
            _forged = _isLoaded ? -1 : _driver.Answer(Site(0xFFFF), 0xF0, 0xF1);
            if (who == Says.AForgerWithAProvenMapping)
            {
                _driver.FromClient(Site(0xFFFF), WireMessages.Transport(0xF1));
            }

            Assert.Equal(who switch { Says.TheServer => Proof.None, Says.AForgerWithoutProof => Proof.Answered, _ => Proof.Established }, _isLoaded ? Proof.None : _driver.Relay.ProofOf(_forged));
            for (int tick = 0; tick < Seconds * 100; tick++)
            {
                if (!_isLoaded && tick % 190 == 0)
                {
                    Forge();
                }

                for (; _due.TryPeek(out Client? client, out long at) && at <= Now; _due.Enqueue(client, client.NextAt))
                {
                    Ask(_due.Dequeue());
                }

                _tokens = Math.Min(5, _tokens + 0.2);
                _driver.Pass(0.01);
            }

            foreach (Client client in _clients)
            {
                client.RanOut |= Now - client.KeysAt > RejectMilliseconds;
            }

            _output.WriteLine($"measured: {RanOut} of {_clients.Length} tunnels ran out of keys ({RanOut * 100.0 / _clients.Length:0} %) in {Seconds} s;"
                + $" the longest rekey took {LongestMilliseconds / 1000.0:0.0} s; {JudgedPerSecond:0.0} judged a second; {NewcomersIn} newcomers in, the last after {LongestNewcomerMilliseconds / 1000.0:0.0} s");
        }

        // A cookie reply under the server's address each 1.9 s, just before the relay would think better of it; and what keeps
        // the mapping: an answer, or data both ways.
        private void Forge()
        {
            Assert.Equal(Verdict.Forward, _driver.FromServer(_forged, WireMessages.CookieReply(0xF0)).Verdict);
            if (_driver.Relay.ProofOf(_forged) == Proof.Answered)
            {
                _driver.FromServer(_forged, WireMessages.Response(0xF1, 0xF0));
            }
            else
            {
                _driver.FromClient(Site(0xFFFF), WireMessages.Transport(0xF1));
            }
        }

        private void Ask(Client client)
        {
            client.RanOut |= Now - client.KeysAt > RejectMilliseconds;
            client.AskingSince = client.AskingSince < 0 ? Now : client.AskingSince;
            client.NextAt = Now + 5_000 + _random.Next(334);
            uint index = ++_index;
            byte[] initiation = WireMessages.Initiation(_driver.Mac1, index);
            _ = client.Cookie is null || client.CookieUntil < Now ? initiation : WithCookie(initiation, client.Cookie);
            Decision decision = _driver.FromClient(client.Source, initiation);
            if (decision.Verdict == Verdict.Reply)
            {
                client.Takes(Open(_driver, initiation), Now);
            }
            else if (decision.Verdict is Verdict.Forward or Verdict.Open)
            {
                ServerJudges(client, decision.Slot, initiation, index);
            }
        }

        // A server of 20 a second and address while it is loaded, as the kernel's and wireguard-go: for who shows its cookie; others are sent one.
        private void ServerJudges(Client client, int slot, byte[] initiation, uint index)
        {
            if (_isLoaded && !initiation.SequenceEqual(WithCookie([.. initiation], client.Servers)))
            {
                byte[] reply = WireMessages.CookieReply(index);
                new CookieSealer(_driver.Routes[0].Key).Write(initiation, client.Servers, new byte[24], reply);
                Assert.Equal(Verdict.Forward, _driver.FromServer(slot, reply).Verdict);
                client.Takes(client.Servers, Now);
                return;
            }

            if (_isLoaded && _tokens < 1)
            {
                return;
            }

            _tokens -= _isLoaded ? 1 : 0;
            _judged++;
            Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Response(index, index)).Verdict);
            _driver.FromClient(client.Source, WireMessages.Transport(index));
            if (client.IsNewcomer)
            {
                LongestNewcomerMilliseconds = Math.Max(LongestNewcomerMilliseconds, Now - client.AskingSince);
                NewcomersIn++;
            }
            else
            {
                LongestMilliseconds = Math.Max(LongestMilliseconds, Now - client.AskingSince);
            }

            client.IsNewcomer = false;
            (client.KeysAt, client.AskingSince, client.NextAt) = (Now, -1, Now + RekeyMilliseconds);
        }

        private sealed class Client(Source source)
        {
            public Source Source { get; } = source;

            public byte[] Servers { get; } = System.Security.Cryptography.RandomNumberGenerator.GetBytes(16);

            public byte[]? Cookie { get; private set; }

            public long CookieUntil { get; private set; }

            public long KeysAt { get; set; }

            public long AskingSince { get; set; } = -1;

            public long NextAt { get; set; }

            public bool RanOut { get; set; }

            public bool IsNewcomer { get; set; }

            public void Takes(byte[] cookie, long now) => (Cookie, CookieUntil) = (cookie, now + 115_000);
        }
    }
}
