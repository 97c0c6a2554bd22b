using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;

namespace WgProxy.Core;

// What an operator wants ended.
internal sealed partial class Relay
{
    /// <summary>Ends the mappings that a rule means, as far as a call may. It is judged here, on the relay's thread, so no mapping is ended
    /// that has meanwhile taken another's slot. The events are for the engine to handle at once.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="slot">The first slot; then the one after the last that was visited.</param>
    /// <param name="end">The slot to stop before.</param>
    /// <returns>How many mappings were ended.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal int Drop(DropRule rule, ref int slot, int end)
    {
        int dropped = 0;
        for (; slot < end && dropped < Limits.OrdersPerCall; slot++)
        {
            ref readonly Mapping mapping = ref _mappings[slot];
            if (mapping.Proof != Proof.None && mapping.Port != 0 && rule.Means(mapping.Source, _routes.IdAt(mapping.Route), PeerOf(slot)))
            {
                dropped += DropWithTunnel(slot);
            }
        }

        return dropped;
    }

    /// <summary>The engine listens no longer where the slot's client sends to, so its mapping ends. The event is for the engine to handle at
    /// once.</summary>
    public void EndNotServedHere(int slot) => _life.EndNotServedHere(slot);

    // Without its other mappings, a client would be back at once: by an index that they keep alive.
    private int DropWithTunnel(int slot)
    {
        int tunnel = _mappings[slot].Tunnel;
        int dropped = 0;
        for (int member = tunnel < 0 ? -1 : _tunnels[tunnel].FirstMember; member >= 0; dropped++)
        {
            int next = _mappings[member].NextOfTunnel;
            _life.EndByOperator(member);
            member = next;
        }

        if (dropped == 0)
        {
            _life.EndByOperator(slot);
            dropped++;
        }

        return dropped;
    }
}
