using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace WgProxy.Logging;

/// <summary>Messages with fields to the journal, by its native protocol: a datagram each (systemd.io/JOURNAL_NATIVE_PROTOCOL). One that the
/// journal does not take goes to standard error instead.</summary>
internal sealed class JournalSink : ILogSink, IDisposable
{
    /// <summary>Where the journal listens.</summary>
    public const string Path = "/run/systemd/journal/socket";

    // A journal that does not read is waited for so long, by the task that writes the log and by no other.
    private const int PatienceMilliseconds = 200;

    private readonly Socket _socket;
    private readonly UnixDomainSocketEndPoint _journal;
    private readonly TextSink _otherwise;

    private JournalSink(Socket socket, UnixDomainSocketEndPoint journal, TextSink otherwise) =>
        (_socket, _journal, _otherwise) = (socket, journal, otherwise);

    /// <summary>A way to the journal; null if there is none.</summary>
    /// <param name="path">Where the journal listens.</param>
    /// <param name="otherwise">Takes what the journal does not.</param>
    public static JournalSink? Open(string path, TextSink otherwise)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = PatienceMilliseconds };
            return new JournalSink(socket, new UnixDomainSocketEndPoint(path), otherwise);
        }
        catch (Exception refusal) when (refusal is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Write(LogEntry entry)
    {
        try
        {
            // Without a connection a journal that was restarted is found again.
            _ = _socket.SendTo(Format(entry), _journal);
        }
        catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
        {
            _otherwise.Write(entry);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>The datagram.</summary>
    public static byte[] Format(LogEntry entry)
    {
        using MemoryStream message = new();
        Add(message, "MESSAGE", LogLine.Escaped(entry.Text));
        Add(message, "PRIORITY", $"{LogLine.Priority(entry.Level)}");
        Add(message, "SYSLOG_IDENTIFIER", "wgproxy");
        Add(message, "WGPROXY_EVENT", entry.Event);
        Add(message, "WGPROXY_CLIENT", entry.Client);
        Add(message, "WGPROXY_SERVER", entry.Server);
        Add(message, "WGPROXY_PEER", entry.Peer);
        Add(message, "WGPROXY_PORT", entry.Port == 0 ? null : entry.Port.ToString(CultureInfo.InvariantCulture));
        return message.ToArray();
    }

    // A value that may end a line has its length before it.
    private static void Add(MemoryStream message, string name, string? value)
    {
        if (value is null)
        {
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(value);
        message.Write(Encoding.ASCII.GetBytes(name));
        if (value.Contains('\n', StringComparison.Ordinal))
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)bytes.Length);
            message.WriteByte((byte)'\n');
            message.Write(length);
        }
        else
        {
            message.WriteByte((byte)'=');
        }

        message.Write(bytes);
        message.WriteByte((byte)'\n');
    }
}
