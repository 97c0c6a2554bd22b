using System.Net;
using WgProxy.Core.Admission;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

/// <summary>A mapping of the model: named by a number that is never used again, not by a slot.</summary>
internal sealed class ReferenceMapping(int id, Source source, int route)
{
    public int Id { get; } = id;

    public Source Source { get; } = source;

    public int Route { get; set; } = route;

    public required ReferenceTunnel Tunnel { get; set; }

    /// <summary>The site that it counts for while it claims.</summary>
    public IPNetwork Charged { get; set; }

    /// <summary>Whether the server has ever answered or confirmed it.</summary>
    public bool WasAnswered { get; set; }

    /// <summary>Until when it lingers, since it last had both ends.</summary>
    public Tick LingersUntil { get; set; }

    /// <summary>Whether it lingers, or did and since then not both ends were heard.</summary>
    public bool HasLingered { get; set; }

    /// <summary>When it joined its tunnel, as a number that only grows.</summary>
    public int Joined { get; set; }

    /// <summary>When its client last sent something with an index that the server issued, as a number that only grows; 0 if it never
    /// did.</summary>
    public int Used { get; set; }

    /// <summary>Where its socket is connected to.</summary>
    public required IPEndPoint Server { get; set; }

    /// <summary>Since when data of the client's go unanswered, and from when on more of them are a sign.</summary>
    public (Tick Since, Tick At)? Overdue { get; set; }

    /// <summary>Whether the server was said or known to be elsewhere when that was looked at last.</summary>
    public bool IsElsewhere { get; set; }

    /// <summary>Whether what was owed an answer last had one within a moment.</summary>
    public bool IsPrompt { get; set; }

    /// <summary>Whether there was no path to where it goes, and nothing has come from there since.</summary>
    public bool IsUnreachable { get; set; }

    /// <summary>Whether the server's data would show that the server is where the mapping goes.</summary>
    public bool IsOnTrial { get; set; }

    /// <summary>Whether they would, but for the socket, which is not there yet.</summary>
    public bool OwesTrial { get; set; }

    /// <summary>How many initiations of the client's passed unanswered, not counting those that came closely together; of a client
    /// that is not proven, at most one.</summary>
    public int AskedInVain { get; set; }

    /// <summary>Whether a sign was given since the server's last valid packet.</summary>
    public bool IsUnanswered { get; set; }

    /// <summary>Until when no further sign is given.</summary>
    public Tick NoSignUntil { get; set; }

    public Proof Proof { get; set; }

    /// <summary>When it came to its proof, as a number that only grows.</summary>
    public int Entered { get; set; }

    public Proof Former { get; set; }

    public ushort Port { get; set; }

    public Tick Expires { get; set; }

    public Tick AskedSince { get; set; }

    public Tick CookieUntil { get; set; }

    public Tick LastValid { get; set; }

    public bool ServerUsedPort { get; set; }

    public bool AwaitsClient { get; set; }

    public bool AwaitsServer { get; set; }

    /// <summary>Sender indices of the client's last initiations, oldest first.</summary>
    public List<uint> Asked { get; } = [];

    public ReferenceBucket Initiations { get; private set; } = new();

    public ReferenceBucket Shown { get; private set; } = new();

    /// <summary>The last initiation that passed.</summary>
    public (uint Sender, byte[] Mac1)? LastAsked { get; set; }

    /// <summary>The cookie by which the server answered it.</summary>
    public byte[]? ServerCookie { get; set; }

    /// <summary>When it last passed with a cookie of the relay's to a loaded server.</summary>
    public Tick? UnjudgedAt { get; set; }

    /// <summary>How often in a row there was no place for it.</summary>
    public int PutOff { get; set; }

    public ReferenceBucket Unknown { get; private set; } = new();

    public ReferenceBucket Claim { get; private set; } = new();

    /// <summary>Whether it has shown a cookie, when it began to ask or later.</summary>
    public bool HasShown { get; set; }

    /// <summary>Whether it had to show a cookie when it began to ask; null if it began otherwise.</summary>
    public bool? MustShow { get; set; }

    public bool IsOnProbation { get; set; }

    public uint ProbationIndex { get; set; }

    public long Up { get; set; }

    /// <summary>Whether what it carries counts for its peer.</summary>
    public bool Counts { get; set; }

    public long Down { get; set; }

    /// <summary>All that it may send at once, it may send again.</summary>
    public void BeginBudgets() => (Initiations, Shown, Unknown, Claim) = (new ReferenceBucket(), new ReferenceBucket(), new ReferenceBucket(), new ReferenceBucket());

    /// <summary>The proof it has, or would return to.</summary>
    public Proof InitiationPriority => Proof == Proof.Lingering ? Former : Proof;
}
