using System.Buffers;
using System.Text;
using System.Text.Json;

namespace WgProxy.Logging;

/// <summary>Lines of JSON, an object each. Everything but ASCII is escaped, so that no name ends a line or controls a terminal.</summary>
/// <param name="output">Where they go.</param>
internal sealed class JsonSink(TextWriter output) : ILogSink
{
    /// <inheritdoc/>
    public void Write(LogEntry entry)
    {
        try
        {
            output.Write(Format(entry) + "\n");
            output.Flush();
        }
        catch (IOException)
        {
            // Lost.
        }
    }

    /// <summary>The line without its end.</summary>
    public static string Format(LogEntry entry)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", LogLine.Time(entry.Time));
            json.WriteString("level", LogLine.Word(entry.Level));
            json.WriteString("event", entry.Event);
            json.WriteString("message", entry.Text);
            Write(json, "client", entry.Client);
            Write(json, "server", entry.Server);
            Write(json, "peer", entry.Peer);
            if (entry.Port != 0)
            {
                json.WriteNumber("port", entry.Port);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
