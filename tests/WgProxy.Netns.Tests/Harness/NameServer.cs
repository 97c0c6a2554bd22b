using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// The one name server that a namespace's resolver knows, on a host of its own. It answers every name alike, as the test says: with
/// addresses, that there is no such name, or not at all; and notes when it was asked.
/// </summary>
internal sealed class NameServer : IDisposable
{
    private const int Port = 53;
    private const int HeaderLength = 12;
    private const ushort TypeA = 1;
    private const ushort TypeAaaa = 28;

    private readonly Socket _socket;
    private readonly string _folder;
    private readonly Task _loop;
    private readonly Lock _lock = new();
    private readonly List<(DateTime At, IPAddress[] Answer)> _asked = [];
    private IPAddress[]? _addresses = [];
    private int _rounds;

    /// <summary>Makes the host, and the namespace of the relay ask it: <c>ip netns exec</c> puts what lies in <c>/etc/netns</c> in
    /// the place of the system's own files.</summary>
    public NameServer(Topology topology)
    {
        Host host = topology.Add("names");
        _socket = host.Space.Udp(host.Address(AddressFamily.InterNetwork), Port);
        _folder = $"/etc/netns/{topology.Relay.Name}";
        Directory.CreateDirectory(_folder);
        File.WriteAllText($"{_folder}/resolv.conf", $"nameserver {host.Address(AddressFamily.InterNetwork)}\n");
        _loop = Task.Run(AnswerAsync);
    }

    /// <summary>Whether questions go unanswered.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Whether each answer begins one address later than the one before.</summary>
    public bool Rotates { get; set; }

    /// <summary>What is asked for: addresses of both families; null if there is no such name.</summary>
    public IPAddress[]? Addresses
    {
        get => Volatile.Read(ref _addresses);
        set => Volatile.Write(ref _addresses, value);
    }

    /// <summary>When questions for IPv4 addresses came, of which there is one each time the name is asked for, and what was
    /// answered; nothing, if they were left unanswered.</summary>
    public (DateTime At, IPAddress[] Answer)[] Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _loop.Wait(TimeSpan.FromSeconds(5));
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync()
    {
        byte[] buffer = new byte[2_048];
        SocketAddress from = new(AddressFamily.InterNetwork);
        while (true)
        {
            try
            {
                int length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from);
                if (Answer(buffer.AsSpan(0, length)) is { } answer)
                {
                    await _socket.SendToAsync(answer, SocketFlags.None, from);
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    // RFC 1035, section 4.
    private byte[]? Answer(ReadOnlySpan<byte> question)
    {
        int end = HeaderLength;
        while (question[end] != 0)
        {
            end += 1 + question[end];
        }

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(question[(end + 1)..]);
        end += 5;
        IPAddress[]? all = IsSilent ? [] : Addresses;
        lock (_lock)
        {
            if (type == TypeA)
            {
                _asked.Add((DateTime.UtcNow, all ?? []));
                _rounds++;
            }
        }

        if (IsSilent)
        {
            return null;
        }

        AddressFamily family = type == TypeAaaa ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        IPAddress[] addresses = type is TypeA or TypeAaaa ? [.. (all ?? []).Where(address => address.AddressFamily == family)] : [];
        int first = Rotates && addresses.Length > 0 ? _rounds % addresses.Length : 0;
        return [.. Header(question, addresses.Length, exists: all is not null), .. question[HeaderLength..end],
            .. addresses[first..].Concat(addresses[..first]).SelectMany(address => Record(type, address))];
    }

    private static byte[] Header(ReadOnlySpan<byte> question, int answers, bool exists) =>
        [question[0], question[1], 0x81, (byte)(exists ? 0x80 : 0x83), 0, 1, 0, (byte)answers, 0, 0, 0, 0];

    // A pointer to the question's name, the type, class IN, a time to live of 1 s.
    private static byte[] Record(ushort type, IPAddress address)
    {
        byte[] data = address.GetAddressBytes();
        return [0xC0, HeaderLength, 0, (byte)type, 0, 1, 0, 0, 0, 1, 0, (byte)data.Length, .. data];
    }
}
