using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using WgProxy.Configuration;
using WgProxy.Logging;

namespace WgProxy.Tests.Logging;

/// <summary>JSON, the journal's own protocol, and the lines that are kept in memory.</summary>
public sealed class LogFormatTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"journal-{Guid.NewGuid():N}");
    private readonly Socket _journal = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
    private readonly StringWriter _errors = new();

    public LogFormatTests() => _journal.Bind(new UnixDomainSocketEndPoint(_path));

    public void Dispose()
    {
        _journal.Dispose();
        _errors.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void Json_has_an_object_for_each_line_with_the_clients_name_and_server()
    {
        Log log = NewLog(forJournal: false);
        log.Use(LogFormat.Json);
        log.Changed(LogLevel.Info, Change());
        log.UnknownVariable("a\nb\u001b[2J\u202e", null);
        string[] lines = Errors;
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.All(line, letter => Assert.InRange(letter, ' ', '~')));
        using JsonDocument first = JsonDocument.Parse(lines[0]);
        Assert.Equal(
            ["1970-01-01T00:00:00.000Z", "info", "Established", "client 192.0.2.9:1000 (laptop) has a tunnel, upstream port 40000", "192.0.2.9:1000", "home", "laptop", "40000"],
            first.RootElement.EnumerateObject().Select(member => $"{member.Value}"));
        using JsonDocument second = JsonDocument.Parse(lines[1]);
        Assert.Equal(["time", "level", "event", "message"], second.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("warning", "UnknownVariable"), (second.RootElement.GetProperty("level").GetString(), second.RootElement.GetProperty("event").GetString()));
        Assert.Contains("\"a\nb\u001b[2J\u202e\"", second.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "auto")]
    [InlineData(false, "journald")]
    public void The_journal_gets_fields(bool forJournal, string setting)
    {
        Assert.True(SettingParser.TryParseLogFormat(setting, out LogFormat format, out _));
        Log log = NewLog(forJournal);
        log.Use(format);
        log.Changed(LogLevel.Info, Change());
        log.UnknownArgument("a", null);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["MESSAGE"] = "client 192.0.2.9:1000 (laptop) has a tunnel, upstream port 40000",
                ["PRIORITY"] = "6",
                ["SYSLOG_IDENTIFIER"] = "wgproxy",
                ["WGPROXY_EVENT"] = "Established",
                ["WGPROXY_CLIENT"] = "192.0.2.9:1000",
                ["WGPROXY_SERVER"] = "home",
                ["WGPROXY_PEER"] = "laptop",
                ["WGPROXY_PORT"] = "40000",
            },
            Receive());
        Assert.Equal(["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "WGPROXY_EVENT"], Receive().Keys);
        Assert.Empty(Errors);
    }

    [Fact]
    public void A_value_of_several_lines_has_its_length_before_it()
    {
        using JournalSink sink = JournalSink.Open(_path, new TextSink(_errors, forJournal: true))!;
        sink.Write(new LogEntry(DateTimeOffset.UnixEpoch, LogLevel.Error, "x", "a\nb") { Peer = "a\nWGPROXY_SERVER=b", Server = "é" });
        Dictionary<string, string> fields = Receive();
        Assert.Equal(("a\\u{A}b", "a\nWGPROXY_SERVER=b", "é", "3"), (fields["MESSAGE"], fields["WGPROXY_PEER"], fields["WGPROXY_SERVER"], fields["PRIORITY"]));
    }

    [Fact]
    public void What_a_full_journal_does_not_take_goes_to_standard_error()
    {
        Log log = NewLog(forJournal: true);
        log.Use(LogFormat.Auto);
        int said = 0;
        while (Errors.Length == 0)
        {
            log.Stopped($"{said++}");
            Assert.InRange(said, 0, 100_000);
        }

        Assert.Equal([$"<6>stopped: {said - 1}"], Errors);
        Assert.Equal("stopped: 0", Receive()["MESSAGE"]);
        while (_journal.Available > 0)
        {
            _ = Receive();
        }

        log.Stopped("again");
        Assert.Equal("stopped: again", Receive()["MESSAGE"]);
        Assert.Single(Errors);
    }

    [Fact]
    public void A_journal_that_is_gone_or_was_never_there_leaves_text()
    {
        Log log = NewLog(forJournal: true);
        log.Use(LogFormat.Auto);
        File.Delete(_path);
        log.Stopped("x");
        Assert.Equal(["<6>stopped: x"], Errors);

        log.Use(LogFormat.Auto);
        log.Stopped("y");
        Assert.Equal(["<6>stopped: x", "<6>stopped: y"], Errors);

        log.Use(LogFormat.Journald);
        Assert.Contains($"<4>--log-format (WGPROXY_LOGFORMAT) is \"journald\": there is no socket {_path}", Errors[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_standard_error_is_not_the_journal_auto_is_text()
    {
        Log log = NewLog(forJournal: false);
        log.Use(LogFormat.Auto);
        log.Stopped("x");
        Assert.Equal(["1970-01-01T00:00:00.000Z info stopped: x"], Errors);
        Assert.Equal(0, _journal.Available);
    }

    [Fact]
    public void The_last_lines_are_kept_and_no_more()
    {
        Log log = NewLog(forJournal: false);
        log.Addresses = LogAddresses.None;
        Assert.Empty(log.Ring.Read());
        for (int i = 0; i < 1_000; i++)
        {
            log.Stopped($"{i}");
        }

        Assert.Equal(Enumerable.Range(1_000 - LogRing.Capacity, LogRing.Capacity).Select(i => $"stopped: {i}"), log.Ring.Read().Select(entry => entry.Text));
        log.UnknownArgument("192.0.2.9 " + new string('x', 2_000), null);
        log.Changed(LogLevel.Info, Change());
        IReadOnlyList<LogEntry> kept = log.Ring.Read();
        Assert.Equal(LogRing.Capacity, kept.Count);
        Assert.Equal(("(hidden)", "home", "laptop", 40_000, "Established"), (kept[^1].Client, kept[^1].Server, kept[^1].Peer, kept[^1].Port, kept[^1].Event));
        Assert.Contains("(hidden) xxx", kept[^2].Text, StringComparison.Ordinal);
        Assert.Equal(kept[^2], Assert.Single(log.Ring.Read(LogLevel.Error)));
    }

    [Fact]
    public void The_ring_is_bounded_also_in_letters()
    {
        LogRing ring = new();
        ring.Add(new LogEntry(DateTimeOffset.UnixEpoch, LogLevel.Info, "x", new string('x', 5_000)));
        Assert.Equal(LogRing.LongestText + 1, Assert.Single(ring.Read()).Text.Length);
    }

    private static RelayEvent Change() =>
        new(RelayEventKind.Established, 0, Source.From(IPEndPoint.Parse("192.0.2.9:1000")), new RouteId(0, 1), 40_000, ServerUsedPort: false);

    private string[] Errors => _errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private Log NewLog(bool forJournal) => new(_errors, forJournal, new FakeTime())
    {
        Journal = _path,
        ServerOf = _ => "home",
        PeerOf = (_, _) => "laptop",
    };

    // As systemd.io/JOURNAL_NATIVE_PROTOCOL has it.
    private Dictionary<string, string> Receive()
    {
        byte[] buffer = new byte[65_536];
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, _journal.Receive(buffer));
        Dictionary<string, string> fields = [];
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            int sign = rest[..end].IndexOf((byte)'=');
            if (sign >= 0)
            {
                fields.Add(Encoding.ASCII.GetString(rest[..sign]), Encoding.UTF8.GetString(rest[(sign + 1)..end]));
                rest = rest[(end + 1)..];
                continue;
            }

            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest[(end + 1)..]);
            int begin = end + 1 + sizeof(ulong);
            fields.Add(Encoding.ASCII.GetString(rest[..end]), Encoding.UTF8.GetString(rest.Slice(begin, length)));
            Assert.Equal((byte)'\n', rest[begin + length]);
            rest = rest[(begin + length + 1)..];
        }

        return fields;
    }
}
