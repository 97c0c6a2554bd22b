using System.Runtime.CompilerServices;

namespace WgProxy.Core.Mappings;

/// <summary>
/// What WireGuard would call the session: the pairs of indices that both ends use for their keys. A pair becomes known
/// when the server answers an initiation (the server names both indices), or when the client answers one of the
/// server's and the server then sends data to the client's index.
/// </summary>
internal struct Tunnel
{
    private const int Size = 8;

    private Pairs _pairs;
    private Asks _asks;
    private byte _nextAsk;

    /// <summary>Mappings that belong to this tunnel.</summary>
    public int Members;

    /// <summary>Remembers a pair until <paramref name="until"/>; the one that ends first makes room.</summary>
    public void Learn(uint server, uint client, Tick until)
    {
        int chosen = 0;
        for (int i = 0; i < Size; i++)
        {
            if (_pairs[i].Server == server && _pairs[i].Client == client)
            {
                chosen = i;
                break;
            }

            if (_pairs[i].Until < _pairs[chosen].Until)
            {
                chosen = i;
            }
        }

        _pairs[chosen] = new Pair(server, client, until);
    }

    /// <summary>Remembers the sender index of an initiation by the server.</summary>
    public void Ask(uint server, Tick until)
    {
        for (int i = 0; i < Size; i++)
        {
            if (_asks[i].Server == server && _asks[i].Until > default(Tick))
            {
                _asks[i].Until = until;
                return;
            }
        }

        _asks[_nextAsk] = new AskedPair { Server = server, Until = until };
        _nextAsk = (byte)((_nextAsk + 1) % Size);
    }

    /// <summary>The client answers an initiation by the server, or repeats its answer. False if there is none. The
    /// client's index is only believed for good once the server uses it: see <see cref="HasClient"/>.</summary>
    public bool Answer(uint server, uint client, Tick now)
    {
        for (int i = 0; i < Size; i++)
        {
            if (_asks[i].Server == server && _asks[i].Until > now)
            {
                _asks[i].Client = client;
                _asks[i].Answered = true;
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the server issued this index lately, as the sender of an answer or of an answered initiation.</summary>
    public readonly bool HasServer(uint index, Tick now)
    {
        for (int i = 0; i < Size; i++)
        {
            if (_pairs[i].Server == index && _pairs[i].Until > now)
            {
                return true;
            }
        }

        return IsAsked(index, now, answeredOnly: true);
    }

    /// <summary>Whether the server issued this index lately, even if only by asking.</summary>
    public readonly bool HasIssued(uint index, Tick now) => HasServer(index, now) || IsAsked(index, now, answeredOnly: false);

    /// <summary>Whether the client issued this index lately. A server that uses an index from a client's answer
    /// turns the answer into a pair.</summary>
    public bool HasClient(uint index, Tick now)
    {
        for (int i = 0; i < Size; i++)
        {
            if (_pairs[i].Client == index && _pairs[i].Until > now)
            {
                return true;
            }
        }

        for (int i = 0; i < Size; i++)
        {
            if (_asks[i].Answered && _asks[i].Client == index && _asks[i].Until > now)
            {
                Learn(_asks[i].Server, index, _asks[i].Until);
                return true;
            }
        }

        return false;
    }

    private readonly bool IsAsked(uint index, Tick now, bool answeredOnly)
    {
        for (int i = 0; i < Size; i++)
        {
            if (_asks[i].Server == index && _asks[i].Until > now && (_asks[i].Answered || !answeredOnly))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Pair(uint Server, uint Client, Tick Until);

    private struct AskedPair
    {
        public uint Server;
        public uint Client;
        public bool Answered;
        public Tick Until;
    }

    [InlineArray(Size)]
    private struct Pairs
    {
        private Pair _first;
    }

    [InlineArray(Size)]
    private struct Asks
    {
        private AskedPair _first;
    }
}
