using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;

namespace WgProxy.Core;

// What a relay says of its mappings to one that asks.
internal sealed partial class Relay
{
    /// <summary>The sources whose initiations were refused lately. A row without <see cref="StrangerStatus.Times"/> is empty.</summary>
    internal ReadOnlySpan<StrangerStatus> Strangers => _strangers.Rows;

    /// <summary>Describes the mappings of some slots, as far as there is room. Allocates nothing.</summary>
    /// <param name="slot">The first slot; then the one after the last that was visited.</param>
    /// <param name="end">The slot to stop before.</param>
    /// <param name="numberedFrom">What is added to a slot's number in the description.</param>
    /// <param name="into">Receives the mappings, by slot.</param>
    /// <returns>How many there are.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int Describe(ref int slot, int end, int numberedFrom, Span<MappingStatus> into)
    {
        int count = 0;
        for (; slot < end && count < into.Length; slot++)
        {
            ref readonly Mapping mapping = ref _mappings[slot];
            if (mapping.Proof != Proof.None && mapping.Port != 0)
            {
                into[count++] = new MappingStatus(
                    numberedFrom + slot,
                    mapping.Source,
                    _routes.IdAt(mapping.Route),
                    mapping.Proof,
                    mapping.Port,
                    ServerOf(slot),
                    mapping.Tunnel,
                    mapping.LastValid,
                    mapping.Expires,
                    mapping.UplinkBytes,
                    mapping.DownlinkBytes,
                    mapping.HasShown,
                    mapping.Answers.IsUnanswered)
                {
                    Peer = PeerOf(slot),
                    AskedSince = mapping.Answers.AskedSince,
                    HasSentLarge = mapping.HasSentLarge,
                    HasReceivedLarge = mapping.HasReceivedLarge,
                };
            }
        }

        return count;
    }
}
