using System.Net;
using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tests.Mappings;

public sealed class MappingTableTests
{
    [Fact]
    public void Agrees_with_a_dictionary_under_any_order_of_adding_and_unlinking()
    {
        Random random = new(20_261_122);
        MappingTable table = new(slots: 64, (1, 2));
        Dictionary<Source, List<int>> model = [];
        for (int step = 0; step < 200_000; step++)
        {
            Source source = Source.From(new IPEndPoint(IPAddress.Loopback, random.Next(1, 60)));
            List<int> held = model.GetValueOrDefault(source, []);
            if (random.Next(2) == 0 && table.HasFree && held.Count < 3)
            {
                held.Insert(0, table.Add(source));
                model[source] = held;
            }
            else if (held.Count > 0)
            {
                int slot = held[random.Next(held.Count)];
                table.Unlink(slot);
                table.Free(slot);
                held.Remove(slot);
            }

            Assert.Equal(held, Chain(table, source));
        }

        Assert.All(model, pair => Assert.Equal(pair.Value, Chain(table, pair.Key)));
    }

    [Fact]
    public void A_full_table_has_no_free_slot()
    {
        MappingTable table = new(slots: 3, default);
        HashSet<int> slots = [.. Enumerable.Range(1, 3).Select(port => table.Add(Source.From(new IPEndPoint(IPAddress.Loopback, port))))];
        Assert.Equal(3, slots.Count);
        Assert.False(table.HasFree);
    }

    private static List<int> Chain(MappingTable table, Source source)
    {
        List<int> slots = [];
        for (int slot = table.Find(source); slot >= 0; slot = table[slot].NextOfSource)
        {
            slots.Add(slot);
        }

        return slots;
    }
}
