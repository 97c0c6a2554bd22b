using System.Net;

namespace WgProxy.Core.Tests.Model;

// Which address of its server a mapping uses, and what shows that the server does not answer there.
internal sealed partial class ReferenceRelay
{
    /// <summary>The engine made the mapping's socket anew, for this host's own reasons.</summary>
    public void Rerouted(int id, ushort port)
    {
        ReferenceMapping mapping = Live.Single(mapping => mapping.Id == id);
        if (port != mapping.Port)
        {
            mapping.Port = port;
            mapping.ServerSpoke = false;
        }

        Answered(mapping);
        Tell(RelayEventKind.Rerouted, mapping);
    }

    /// <summary>Whether the mapping must move, now that its route has other addresses.</summary>
    public bool MustMove(ReferenceMapping mapping)
    {
        IReadOnlyList<IPEndPoint> listed = routes[mapping.Route].Addresses;
        return listed.Count > 0 && (mapping.IsUnanswered || !rules.AnsweredStay)
            && (!listed.Contains(mapping.Server) || !(rules.ListedStay || listed[0].Equals(mapping.Server)));
    }

    public void Move(ReferenceMapping mapping, IPEndPoint server)
    {
        mapping.Server = server;
        Answered(mapping);
        Tell(RelayEventKind.Redirected, mapping);
    }

    private static void Answered(ReferenceMapping mapping)
    {
        mapping.Waits = null;
        mapping.AsksInVain = false;
        mapping.IsUnanswered = false;
        mapping.Signs = (null, mapping.Signs.Any);
    }

    private void DataPassed(ReferenceMapping mapping, int datagrams, int bytes, Tick now)
    {
        bool isOwedAnAnswer = bytes > 32 * datagrams || rules.KeepalivesAreAnswered;
        if (mapping.Proof is not (Proof.Established or Proof.Confirmed) || !isOwedAnAnswer)
        {
            return;
        }

        if (mapping.Waits is not Tick since)
        {
            mapping.Waits = now;
        }
        else if (now >= since + rules.AnsweredWithin && (mapping.Signs.ByData is not Tick last || now >= last + rules.BetweenSigns))
        {
            mapping.Signs = (now, mapping.Signs.Any);
            Sign(mapping, now);
        }
    }

    private void InitiationPassed(ReferenceMapping mapping, Tick now)
    {
        if (mapping.AsksInVain && mapping.Proof is Proof.Established or Proof.Confirmed && rules.AskingTwiceIsASign)
        {
            Sign(mapping, now);
        }

        mapping.AsksInVain = true;
    }

    private void Sign(ReferenceMapping mapping, Tick now)
    {
        if (mapping.Signs.Any is Tick last && now < last + rules.BetweenSigns)
        {
            return;
        }

        mapping.Signs = (mapping.Signs.ByData, now);
        mapping.IsUnanswered = true;
        if (MustMove(mapping))
        {
            Move(mapping, routes[mapping.Route].Addresses[0]);
        }

        Tell(RelayEventKind.Unanswered, mapping);
    }
}
