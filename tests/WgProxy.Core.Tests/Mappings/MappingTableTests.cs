using System.Net;
using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tests.Mappings;

public sealed class MappingTableTests
{
    [Fact]
    public void Agrees_with_a_dictionary_under_any_order_of_adding_using_and_unlinking()
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
                held.Add(table.Add(source));
                model[source] = held;
            }
            else if (random.Next(2) == 0 && held.Count > 0)
            {
                int used = held[random.Next(held.Count)];
                table.BringToFront(used);
                held.Remove(used);
                held.Insert(0, used);
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
    public void A_walk_sees_what_the_route_had_and_still_has_whatever_is_added_and_unlinked_meanwhile()
    {
        Random random = new(20_261_126);
        MappingTable table = new(slots: 64, (1, 2), routes: 2);
        List<int>[] members = [[], []];
        HashSet<int>? due = null;
        int port = 0;
        int seen = 0;
        for (int step = 0; step < 100_000; step++)
        {
            int route = random.Next(2);
            switch (random.Next(5))
            {
                case 0 when table.HasFree:
                    members[route].Add(table.Add(Source.From(new IPEndPoint(IPAddress.Loopback, 1 + (port++ % 60_000))), route));
                    break;
                case 1 when members[route].Count > 0:
                    int slot = members[route][random.Next(members[route].Count)];
                    table.Unlink(slot);
                    table.Free(slot);
                    members[route].Remove(slot);
                    due?.Remove(route == 1 ? slot : -1);
                    break;
                case 2 when due is null && random.Next(10) == 0:
                    table.BeginWalk(1);
                    due = [.. members[1]];
                    break;
                case > 2 when due is not null:
                    int next = table.Walk(1);
                    Assert.True(next < 0 ? due.Count == 0 : due.Remove(next), $"{next} came, {string.Join(' ', due)} were due");
                    seen += next < 0 ? 0 : 1;
                    due = next < 0 ? null : due;
                    break;
            }
        }

        Assert.InRange(seen, 1_000, 100_000);
    }

    [Fact]
    public void A_full_table_has_no_free_slot()
    {
        MappingTable table = new(slots: 3, default);
        HashSet<int> slots = [.. Enumerable.Range(1, 3).Select(port => table.Add(Source.From(new IPEndPoint(IPAddress.Loopback, port))))];
        Assert.Equal(3, slots.Count);
        Assert.False(table.HasFree);
    }

    [Fact]
    public void A_sources_mapping_on_a_route_is_found_however_many_it_has()
    {
        Random random = new(20_261_127);
        MappingTable table = new(slots: 256, (1, 2), routes: 100);
        Dictionary<(Source Source, int Route), int> model = [];
        Source[] sources = [.. Enumerable.Range(1, 3).Select(port => Source.From(new IPEndPoint(IPAddress.Loopback, port)))];
        for (int step = 0; step < 50_000; step++)
        {
            (Source Source, int Route) key = (sources[random.Next(3)], random.Next(100));
            Assert.Equal(model.GetValueOrDefault(key, -1), table.Find(key.Source, key.Route));
            if (!model.TryGetValue(key, out int slot))
            {
                if (table.HasFree)
                {
                    model[key] = table.Add(key.Source, key.Route);
                }
            }
            else if (random.Next(3) == 0)
            {
                table.BringToFront(slot);
            }
            else
            {
                table.Unlink(slot);
                table.Free(slot);
                model.Remove(key);
            }
        }

        Assert.All(sources, source => Assert.Equal(Chain(table, source).Order(), model.Where(pair => pair.Key.Source == source).Select(pair => pair.Value).Order()));
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
