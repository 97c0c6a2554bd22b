using System.Net;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// Which address of its server a mapping uses, and what shows that the server does not answer there.
internal sealed partial class ReferenceRelay
{
    private readonly Dictionary<int, IPEndPoint> _answering = [];
    private readonly Dictionary<(int Route, IPEndPoint Address), Tick> _failed = [];
    private readonly HashSet<int> _walked = [];

    /// <summary>The engine made the mapping's socket anew, for this host's own reasons.</summary>
    public void Rerouted(int id, ushort port)
    {
        ReferenceMapping mapping = Live.Single(mapping => mapping.Id == id);
        if (port != mapping.Port)
        {
            mapping.Port = port;
            mapping.ServerUsedPort = false;
        }

        BeginAnew(mapping);
        Tell(RelayEventKind.Rerouted, mapping);
    }

    /// <summary>The engine could not connect a socket that is being opened. Whether there is another address to try.</summary>
    public bool TryNextServer(int id, Tick now)
    {
        ReferenceMapping mapping = Live.Single(mapping => mapping.Id == id);
        Fail(mapping, now);
        if (Next(mapping, now) is not IPEndPoint next)
        {
            return false;
        }

        mapping.Server = next;
        mapping.IsElsewhere = IsElsewhere(mapping);
        Tell(RelayEventKind.PassedOver, mapping);
        return true;
    }

    /// <summary>The engine has no path to where the mapping goes, or was ordered to go.</summary>
    public void Unreachable(int id, bool ordered, Tick now)
    {
        ReferenceMapping mapping = Live.Single(mapping => mapping.Id == id);
        Fail(mapping, now);
        if (ordered && Next(mapping, now) is IPEndPoint next)
        {
            Move(mapping, next);
            return;
        }

        if (ordered && rules.OnlyArrivedAreOnTrial)
        {
            (mapping.OwesTrial, mapping.IsOnTrial) = (mapping.OwesTrial || mapping.IsOnTrial, false);
        }

        mapping.IsUnreachable = true;
        Hurry(mapping, now);
    }

    /// <summary>The engine has a path to where the mapping goes, and its socket is connected there.</summary>
    public void Reachable(int id)
    {
        ReferenceMapping mapping = Live.Single(mapping => mapping.Id == id);
        (mapping.IsOnTrial, mapping.OwesTrial) = (mapping.IsOnTrial || mapping.OwesTrial, false);
        if (!mapping.IsUnreachable)
        {
            return;
        }

        mapping.IsUnreachable = false;
        if (mapping.Overdue is (Tick since, Tick at))
        {
            mapping.Overdue = (since, Tick.Max(at, since + PatienceFor(mapping)));
        }
    }

    /// <summary>Where the mapping must go, if it must move now that its route has been looked at again.</summary>
    public IPEndPoint? MustMove(ReferenceMapping mapping, Tick now)
    {
        bool moves = mapping.IsUnanswered || AnswersElsewhere(mapping) || !rules.AnsweredStay;
        return _walked.Contains(mapping.Route) && !_ending.Contains(mapping.Route) && moves && !Listed(mapping.Route).Contains(mapping.Server) ? Next(mapping, now) : null;
    }

    /// <summary>Everything that must move has. What stays waits less long for its answer.</summary>
    public void EndWalks(Tick now)
    {
        foreach (ReferenceMapping mapping in Live.Where(mapping => _walked.Contains(mapping.Route) && !_ending.Contains(mapping.Route)))
        {
            mapping.IsElsewhere = IsElsewhere(mapping);
            Hurry(mapping, now);
        }

        _walked.Clear();
        Vacate();
    }

    public void Move(ReferenceMapping mapping, IPEndPoint server)
    {
        bool leavesAnswering = mapping.Server.Equals(_answering.GetValueOrDefault(mapping.Route));
        bool hasLeftIt = (mapping.IsOnTrial || mapping.OwesTrial) && !mapping.IsElsewhere;
        mapping.Server = server;
        mapping.IsElsewhere = IsElsewhere(mapping)
            && (!Listed(mapping.Route).Contains(server) || !(leavesAnswering || hasLeftIt));
        BeginAnew(mapping);
        mapping.IsOnTrial |= mapping.OwesTrial || mapping.Proof is Proof.Established or Proof.Confirmed;
        mapping.OwesTrial = false;
        Tell(RelayEventKind.Redirected, mapping);
    }

    private static void BeginAnew(ReferenceMapping mapping)
    {
        mapping.Overdue = null;
        mapping.AskedInVain = 0;
        mapping.IsUnanswered = false;
        mapping.IsUnreachable = false;
    }

    private IReadOnlyList<IPEndPoint> Listed(int route) => routes[route].Addresses;

    private bool AnswersElsewhere(ReferenceMapping mapping) =>
        _answering.TryGetValue(mapping.Route, out IPEndPoint? answering) && !answering.Equals(mapping.Server)
        && Listed(mapping.Route).Contains(answering);

    private bool IsElsewhere(ReferenceMapping mapping) => AnswersElsewhere(mapping) || !Listed(mapping.Route).Contains(mapping.Server);

    private bool HasFailed(int route, IPEndPoint address, Tick now) =>
        rules.FailuresGiveWay && _failed.TryGetValue((route, address), out Tick until) && until > now;

    private void Fail(ReferenceMapping mapping, Tick now) => _failed[(mapping.Route, mapping.Server)] = now + rules.FailedFor;

    /// <summary>The addresses in the order in which they are tried: the one known to answer, then the list; what could not be
    /// reached lately is left out.</summary>
    private IEnumerable<IPEndPoint> InOrder(int route, IEnumerable<IPEndPoint> list, Tick now) => list
        .OrderBy(address => !(rules.AnsweringGoesFirst && _answering.TryGetValue(route, out IPEndPoint? answering) && answering.Equals(address)))
        .Where(address => !HasFailed(route, address, now));

    private IPEndPoint? Best(int route, Tick now) =>
        InOrder(route, Listed(route), now).FirstOrDefault() ?? (Listed(route) is [IPEndPoint best, ..] ? best : null);

    private IPEndPoint? Next(ReferenceMapping mapping, Tick now)
    {
        IReadOnlyList<IPEndPoint> listed = Listed(mapping.Route);
        int after = listed.ToList().IndexOf(mapping.Server) + 1;
        bool goesRound = mapping.IsOnTrial || mapping.OwesTrial || mapping.Proof is not (Proof.Established or Proof.Confirmed);
        IPEndPoint[] round = [.. listed.Skip(after).Concat(listed.Take(after))];
        return (goesRound ? round.Where(address => !HasFailed(mapping.Route, address, now)) : InOrder(mapping.Route, round, now))
            .FirstOrDefault(address => !address.Equals(mapping.Server));
    }

    private int PatienceFor(ReferenceMapping mapping) =>
        mapping.IsUnreachable ? rules.UnreachableWithin
        : mapping.IsPrompt && mapping.IsElsewhere ? rules.ElsewhereWithin
        : rules.AnsweredWithin;

    private void Hurry(ReferenceMapping mapping, Tick now)
    {
        if (mapping.Overdue is (Tick since, Tick at))
        {
            mapping.Overdue = (since, Tick.Min(at, now + PatienceFor(mapping)));
        }
    }

    /// <summary>The server sent data. How long that took says how long to wait the next time; and where a mapping was moved to, it
    /// shows that the server is there, if the client has used the keys.</summary>
    private void TakeAnswer(ReferenceMapping mapping, Tick now)
    {
        if (mapping.Overdue is (Tick since, _))
        {
            mapping.IsPrompt = now - since < rules.Promptly;
        }

        BeginAnew(mapping);
    }

    private void EndTrial(ReferenceMapping mapping, uint client, Tick now)
    {
        bool isUsed = mapping.Tunnel.Pairs.Exists(pair => pair.Client == client && pair.Until > now && pair.IsUsed);
        if (!mapping.IsOnTrial || !(isUsed || !rules.TrialsTakeUsedKeys))
        {
            return;
        }

        mapping.IsOnTrial = false;
        if (Listed(mapping.Route).Contains(mapping.Server) && !mapping.Server.Equals(_answering.GetValueOrDefault(mapping.Route)))
        {
            _answering[mapping.Route] = mapping.Server;
            _walked.Add(mapping.Route);
        }
    }

    private void DataPassed(ReferenceMapping mapping, int datagrams, int bytes, Tick now)
    {
        bool isOwedAnAnswer = bytes > 32 * datagrams || rules.KeepalivesAreAnswered;
        if (mapping.Proof is not (Proof.Established or Proof.Confirmed) || !isOwedAnAnswer)
        {
            return;
        }

        if (mapping.Overdue is not (Tick since, Tick at))
        {
            mapping.Overdue = (now, now + PatienceFor(mapping));
        }
        else if (now >= at)
        {
            mapping.Overdue = (since, now + rules.BetweenSigns);
            Sign(mapping, moves: true, now);
        }
    }

    private void InitiationPassed(ReferenceMapping mapping, Tick now)
    {
        if (mapping.Proof is Proof.Established or Proof.Confirmed)
        {
            ProvenAsks(mapping, now);
            return;
        }

        if (mapping.AskedInVain > 0 && mapping.Proof == Proof.Asked && now >= mapping.AskedSince + rules.AskedElsewhereAfter
            && now >= mapping.NoSignUntil && Next(mapping, now) is IPEndPoint next)
        {
            mapping.NoSignUntil = now + rules.AskedElsewhereAfter;
            Move(mapping, next);
        }

        mapping.AskedInVain = 1;
    }

    private void ProvenAsks(ReferenceMapping mapping, Tick now)
    {
        long since = mapping.AskedInVain == 0 ? long.MaxValue : now - mapping.AskedSince;
        if (since > rules.AskedTogether)
        {
            (mapping.AskedSince, mapping.AskedInVain) = (now, 1);
        }
        else if (since >= mapping.AskedInVain * rules.AskedElsewhereAfter)
        {
            mapping.AskedInVain++;
            bool isOverdue = mapping.Overdue is (_, Tick at) && now >= at;
            bool askedForLong = mapping.AskedInVain >= rules.AskedBeforeMoved && since >= rules.AskedBeforeMovedFor;
            bool isAway = mapping.IsUnreachable || !Listed(mapping.Route).Contains(mapping.Server);
            bool goesRound = mapping.IsOnTrial && mapping.Overdue is not null;
            IPEndPoint before = mapping.Server;
            if (rules.AskingTwiceIsASign)
            {
                Sign(mapping, isOverdue || askedForLong || isAway || goesRound, now);
            }

            if (goesRound && !before.Equals(mapping.Server))
            {
                (mapping.AskedSince, mapping.AskedInVain) = (now, 1);
            }
        }
    }

    private void Sign(ReferenceMapping mapping, bool moves, Tick now)
    {
        if (now < mapping.NoSignUntil)
        {
            return;
        }

        mapping.NoSignUntil = now + rules.BetweenSigns;
        mapping.IsUnanswered = true;
        if (moves && Next(mapping, now) is IPEndPoint next && !rules.UnansweredStay)
        {
            Move(mapping, next);
        }

        Tell(RelayEventKind.Unanswered, mapping);
    }
}
