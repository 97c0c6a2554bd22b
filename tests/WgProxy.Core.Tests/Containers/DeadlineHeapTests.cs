using WgProxy.Core.Containers;

namespace WgProxy.Core.Tests.Containers;

public sealed class DeadlineHeapTests
{
    [Fact]
    public void Agrees_with_a_sorted_list_under_any_order_of_setting_and_removing()
    {
        Random random = new(7);
        DeadlineHeap deadlines = new(slots: 50);
        Dictionary<int, Tick> model = [];
        for (int step = 0; step < 100_000; step++)
        {
            int slot = random.Next(50);
            Tick at = new(random.Next(1_000));
            switch (random.Next(3))
            {
                case 0:
                    deadlines.Set(slot, at);
                    model[slot] = at;
                    break;
                case 1:
                    deadlines.NoLaterThan(slot, at);
                    model[slot] = model.TryGetValue(slot, out Tick present) ? Tick.Min(present, at) : at;
                    break;
                default:
                    if (model.Remove(slot))
                    {
                        deadlines.Remove(slot);
                    }

                    break;
            }

            Assert.Equal(model.Count, deadlines.Count);
            Assert.Equal(model.Count == 0 ? Tick.Never : model.Values.Min(), deadlines.Next);
            if (model.Count > 0)
            {
                Assert.Equal(deadlines.Next, model[deadlines.First]);
            }
        }
    }
}
