using System.Net;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Mappings;

/// <summary>What the lifecycle promises, after every step of random lives: it counts what there is, every mapping has a deadline, and a
/// proof only rises.</summary>
public sealed class MappingLifecycleTests
{
    private const int Steps = 4_000;
    private const int Sites = 3;

    private static readonly RelaySettings Settings = new() { MaxMappings = 20, MaxAsked = 6, MaxClaimed = 4, HashSeed = (1, 2) };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_it_promises_holds_after_every_step(int seed)
    {
        Lives lives = new(seed);
        for (int step = 0; step < Steps; step++)
        {
            lives.Step();
            lives.Check();
        }

        Assert.All(Enum.GetValues<RelayEventKind>().Where(Lives.Reports), kind => Assert.Contains(kind, lives.Seen));
    }

    private sealed class Lives
    {
        private readonly Random _random;
        private readonly RelayCounters _counters = new();
        private readonly MappingTable _mappings = new(Settings.Slots, Settings.HashSeed);
        private readonly MappingLifecycle _life;
        private readonly ulong[] _owners;
        private readonly Proof[] _proofs;
        private readonly HashSet<int> _ending = [];
        private readonly HashSet<int> _accepted = [];
        private readonly byte[] _initiation = new byte[WireGuard.InitiationSize];
        private int _clients;
        private int _evicted;
        private Tick _now = new(1_000_000);

        public Lives(int seed)
        {
            _random = new Random(seed);
            _owners = new ulong[_mappings.Slots];
            _proofs = new Proof[_mappings.Slots];
            _life = new MappingLifecycle(Settings, new RouteTable([RelayDriver.NewRoute()], _ => { }), _mappings, _counters, new MappingHooks
            {
                ServerAccepted = (slot, _) => _accepted.Add(slot),
                Ending = slot => Assert.True(_ending.Add(slot), $"slot {slot} ended twice"),
                PeerOf = slot => new PeerId((uint)slot + 1),
                OwnerOfTunnel = slot => _owners[slot],
            });
        }

        public HashSet<RelayEventKind> Seen { get; } = [];

        /// <summary>Whether the lifecycle reports such a change by itself.</summary>
        public static bool Reports(RelayEventKind kind) => kind is RelayEventKind.Opened or RelayEventKind.OpenFailed or RelayEventKind.Claimed
            or RelayEventKind.Answered or RelayEventKind.Established or RelayEventKind.Confirmed or RelayEventKind.Lingered
            or RelayEventKind.Revived or RelayEventKind.Expired or RelayEventKind.Evicted or RelayEventKind.RouteRemoved;

        private int[] Live => [.. Enumerable.Range(0, _mappings.Slots).Where(slot => _mappings[slot].Proof != Proof.None)];

        public void Step()
        {
            _evicted = -1;
            int[] live = Live;
            int slot = live.Length == 0 ? -1 : live[_random.Next(live.Length)];
            switch (_random.Next(slot < 0 ? 3 : 20))
            {
                case 0 when _life.TryMakeRoomForAsker():
                    _life.BeginAsking(Add(), _random.Next(2) == 0 ? Share.Unverified : Share.Verified, Initiation(), _now);
                    break;
                case 1 when _life.TryMakeRoomForClaim():
                    _life.BeginClaim(Add(), _now);
                    break;
                case 2 when Live.Length < Settings.MaxMappings && _life.Population.Claimed < Settings.MaxClaimed:
                    _life.BeginProbation(Add(), index: 7, _now);
                    break;
                case 3 when _mappings[slot].Proof is Proof.Asked or Proof.Lingering:
                    _life.LimitTo(Proof.Claimed);
                    _owners[slot] = (ulong)_random.Next(Sites);
                    _life.BeginClaim(slot, _now);
                    break;
                case 4:
                    _life.Opened(slot, 40_000);
                    break;
                case 5:
                    _life.HeardClient(slot, _now);
                    break;
                case 6:
                    _life.HeardServer(slot, _now);
                    break;
                case 7:
                    _life.HeardServerAsk(slot, _now);
                    break;
                case 8:
                    _life.HeardCookie(slot, _now);
                    break;
                case 9 or 10:
                    _life.AskedAgain(slot, Initiation(), _now);
                    break;
                case 11:
                    _life.HeardAnswer(slot, _now);
                    _life.Raise(slot, Proof.Answered, _now);
                    break;
                case 12:
                    _life.HeardClient(slot, _now);
                    _life.Raise(slot, Proof.Established, _now);
                    break;
                case 13:
                    _life.HeardServer(slot, _now);
                    _life.Raise(slot, Proof.Confirmed, _now);
                    break;
                case 14:
                    _life.EndProbation(slot);
                    break;
                case 15 when _random.Next(8) == 0:
                    _life.OpenFailed(slot);
                    break;
                case 16 when _random.Next(8) == 0:
                    _evicted = slot;
                    _life.Evict(slot);
                    break;
                case 17 when _random.Next(8) == 0:
                    _life.EndWithRoute(slot);
                    break;
                default:
                    _now += _random.Next(_random.Next(8) == 0 ? 60_000 : 6_000);
                    _life.Advance(_now);
                    break;
            }
        }

        public void Check()
        {
            foreach (ref readonly RelayEvent change in _life.Events)
            {
                Seen.Add(change.Kind);
                Check(change);
            }

            _life.ClearEvents();
            int[] live = Live;
            Assert.InRange(live.Length, 0, Settings.MaxMappings);
            Assert.Equal(live.Length, _life.Population.Live);
            Assert.InRange(_life.Population.Asked, 0, Settings.MaxAsked);
            Assert.InRange(_life.Population.Claimed, 0, Settings.MaxClaimed);
            Assert.Equal(live.Count(slot => _mappings[slot].IsOnProbation), _life.Population.OnProbation);
            Assert.Equal(live.Count(slot => _mappings[slot].Proof >= Proof.Established), _life.Population.Proven);
            Assert.All(Enum.GetValues<Proof>()[1..], proof => Assert.Equal(live.Count(slot => _mappings[slot].Proof == proof), _counters[proof]));
            Assert.All(
                live.GroupBy(slot => (Payer(slot), _mappings[slot].Counted)).Where(group => group.Key.Counted != Share.None),
                group => Assert.Equal(group.Count(), _life.Population.Charged(group.Key.Item1, group.Key.Counted)));
            Assert.Equal(
                live.Count(slot => _mappings[slot].Counted == Share.Claimed),
                Enumerable.Range(0, Sites).Sum(site => _life.Population.Charged(new Prefix((ulong)site, 0), Share.Claimed)));
            Assert.True(live.Length == 0 ? _life.NextDeadline == Tick.Never : live.All(slot => _life.NextDeadline <= _mappings[slot].Expires));
            foreach (int slot in live)
            {
                Assert.True(_mappings[slot].Proof >= _proofs[slot], $"slot {slot} fell from {_proofs[slot]} to {_mappings[slot].Proof}");
                Assert.True(_mappings[slot].Proof < Proof.Established || _accepted.Contains(slot), $"slot {slot} is proven, and admission was not told");
                _proofs[slot] = _mappings[slot].Proof;
            }

            Assert.Empty(_ending);
        }

        /// <summary>What a change allows: expiry lowers a proof, and an end takes all.</summary>
        private void Check(in RelayEvent change)
        {
            if (change.Kind == RelayEventKind.Lingered)
            {
                _proofs[change.Slot] = Proof.Lingering;
            }
            else if (change.EndsMapping || change.Kind == RelayEventKind.OpenFailed)
            {
                Assert.True(_ending.Remove(change.Slot));
                Assert.True(
                    _proofs[change.Slot] < Proof.Established || change.Kind != RelayEventKind.Evicted || change.Slot == _evicted,
                    $"slot {change.Slot} was proven, and made room");
                _proofs[change.Slot] = Proof.None;
                _accepted.Remove(change.Slot);
                if (change.EndsMapping)
                {
                    _life.Release(change.Slot);
                }
            }
        }

        private Prefix Payer(int slot) =>
            _mappings[slot].Counted == Share.Claimed ? new Prefix(_mappings.ExtrasOf(slot).Charged, 0) : _mappings[slot].Source.Prefix;

        private int Add()
        {
            _clients++;
            int slot = _mappings.Add(Source.From(new IPEndPoint(new IPAddress([10, 0, 0, (byte)_random.Next(4)]), 1 + (_clients % 60_000))));
            _owners[slot] = (ulong)_random.Next(Sites);
            return slot;
        }

        private byte[] Initiation()
        {
            _random.NextBytes(_initiation);
            return _initiation;
        }
    }
}
