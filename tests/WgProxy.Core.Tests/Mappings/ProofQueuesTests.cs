using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tests.Mappings;

public sealed class ProofQueuesTests
{
    [Fact]
    public void Each_queue_keeps_the_order_of_arrival()
    {
        Random random = new(3);
        ProofQueues queues = new(slots: 40);
        Dictionary<Proof, List<int>> model = Enum.GetValues<Proof>().ToDictionary(proof => proof, _ => new List<int>());
        Dictionary<int, Proof> present = [];
        for (int step = 0; step < 100_000; step++)
        {
            int slot = random.Next(40);
            if (present.Remove(slot, out Proof proof))
            {
                queues.Remove(slot, proof);
                model[proof].Remove(slot);
            }
            else
            {
                present[slot] = (Proof)random.Next(model.Count);
                queues.Append(slot, present[slot]);
                model[present[slot]].Add(slot);
            }

            foreach ((Proof each, List<int> slots) in model)
            {
                Assert.Equal((slots.Count, slots.FirstOrDefault(-1)), (queues.Count(each), queues.Oldest(each)));
            }
        }
    }
}
