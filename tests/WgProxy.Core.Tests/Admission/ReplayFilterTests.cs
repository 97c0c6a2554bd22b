using System.Buffers.Binary;
using WgProxy.Core.Admission;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Admission;

public sealed class ReplayFilterTests
{
    private const int Most = 64;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(120);
    private static readonly Tick Start = new(1_000_000);

    private readonly ReplayFilter _filter = new(Most, Turn, (1, 2));

    [Fact]
    public void Only_what_was_added_is_contained()
    {
        Add(0, 10);
        Assert.Equal(Enumerable.Range(0, 10), Contained(0, Most * 4, Start));
    }

    [Fact]
    public void Only_mac1_tells_initiations_apart()
    {
        byte[] other = Initiation(1);
        other.AsSpan().Slice(0, WireGuard.InitiationMac1Offset).Fill(9);
        other.AsSpan(WireGuard.InitiationMac1Offset + WireGuard.MacSize).Fill(9);
        Add(1, 1);
        Assert.True(_filter.Contains(Mac1Of(other), Start));
    }

    [Fact]
    public void An_initiation_is_remembered_for_one_turn_and_forgotten_after_two()
    {
        Add(0, 1);
        Assert.Equal([0], Contained(0, 1, Start + 119_999));
        Assert.Equal([0], Contained(0, 1, Start + 120_000));
        Assert.Equal([0], Contained(0, 1, Start + 239_999));
        Assert.Empty(Contained(0, 1, Start + 240_000));
    }

    [Fact]
    public void After_a_silence_of_two_turns_nothing_is_left()
    {
        Add(0, 10);
        Assert.Empty(Contained(0, 10, Start + 240_000));
        Add(0, 10, Start + 240_000);
        Assert.Equal(10, Contained(0, 10, Start + 479_999).Count());
    }

    [Fact]
    public void Full_sets_take_turns_early_so_that_the_last_are_always_remembered()
    {
        for (int number = 0; number < Most * 10; number++)
        {
            Add(number, 1);
            int last = Math.Min(number + 1, Most);
            Assert.Equal(last, Contained(number + 1 - last, last, Start).Count());
            Assert.InRange(Contained(0, number + 1, Start).Count(), 1, 2 * Most);
        }
    }

    [Fact]
    public void What_is_added_twice_counts_once()
    {
        Add(1_000, 1);
        for (int i = 0; i < Most * 4; i++)
        {
            Add(7, 1);
        }

        Assert.Equal([1_000], Contained(1_000, 1, Start));
    }

    private void Add(int first, int count, Tick? at = null)
    {
        for (int number = first; number < first + count; number++)
        {
            _filter.Add(Mac1Of(Initiation(number)), at ?? Start);
        }
    }

    private IEnumerable<int> Contained(int first, int count, Tick at) =>
        [.. Enumerable.Range(first, count).Where(number => _filter.Contains(Mac1Of(Initiation(number)), at))];

    private static ReadOnlySpan<byte> Mac1Of(byte[] initiation) => initiation.AsSpan(WireGuard.InitiationMac1Offset, WireGuard.MacSize);

    private static byte[] Initiation(int number)
    {
        byte[] initiation = new byte[WireGuard.InitiationSize];
        BinaryPrimitives.WriteInt32LittleEndian(initiation.AsSpan(WireGuard.InitiationMac1Offset + 6), number);
        return initiation;
    }
}
