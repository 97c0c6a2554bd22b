namespace WgProxy.Core.Protocol;

/// <summary>Compares one key after the other: where there are no vectors, and what the others are tested against.</summary>
internal sealed class ScalarMac1Matcher : IMac1Matcher
{
    public string Name => "one by one";

    public int KeysPerStep => 1;

    public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
    {
        int offset = Mac1.OffsetOrThrow(message);
        ReadOnlySpan<byte> mac1 = message.Slice(offset, WireGuard.MacSize);
        Span<uint> state = stackalloc uint[Blake2s.StateWords];
        Span<byte> expected = stackalloc byte[WireGuard.MacSize];
        for (int key = 0; key < count; key++)
        {
            if (groups[Mac1Group.IndexOf(key, Mac1Group.VacancyRow)] == Mac1Group.Vacant)
            {
                continue;
            }

            for (int row = 0; row < state.Length; row++)
            {
                state[row] = groups[Mac1Group.IndexOf(key, row)];
            }

            Blake2s.Finish(state, Blake2s.BlockSize, message[..offset], expected, Blake2s.Vectorised);
            if (FixedTime.AreEqual(expected, mac1))
            {
                return key;
            }
        }

        return -1;
    }
}
