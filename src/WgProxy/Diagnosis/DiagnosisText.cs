using System.Buffers;
using System.Text;
using System.Text.Json;
using WgProxy.Logging;

namespace WgProxy.Diagnosis;

/// <summary>What a diagnosis looks like.</summary>
internal static class DiagnosisText
{
    private const int Column = 9;

    /// <summary>For a person: a line for each finding, the worst first, and below it the line that mends it.</summary>
    public static string Of(HostDiagnosis diagnosis)
    {
        StringBuilder text = new();
        foreach (Finding finding in diagnosis.Findings)
        {
            _ = text.Append($"{Word(finding.Kind.Severity),-Column}{LogLine.Escaped(finding.Text)}  [{finding.Kind.Name}]\n");
            if (finding.Mend.Length > 0)
            {
                _ = text.Append($"{string.Empty,-Column}mend: {LogLine.Escaped(finding.Mend)}\n");
            }
        }

        foreach (Unseen unseen in diagnosis.Unseen)
        {
            _ = text.Append($"{"not seen",-Column}{unseen.What}: {LogLine.Escaped(unseen.Why)}\n");
        }

        return text.Append($"{Count(diagnosis, Severity.Problem, "problem")}, {Count(diagnosis, Severity.Warning, "warning")}, {Count(diagnosis, Severity.Note, "note")}\n").ToString();
    }

    /// <summary>For a program: one object.</summary>
    public static string JsonOf(HostDiagnosis diagnosis)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("problems", diagnosis.Count(Severity.Problem));
            json.WriteNumber("warnings", diagnosis.Count(Severity.Warning));
            json.WriteNumber("notes", diagnosis.Count(Severity.Note));
            json.WriteStartArray("findings");
            foreach (Finding finding in diagnosis.Findings)
            {
                json.WriteStartObject();
                json.WriteString("severity", Word(finding.Kind.Severity));
                json.WriteString("name", finding.Kind.Name);
                json.WriteString("text", finding.Text);
                json.WriteString("mend", finding.Mend);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("notSeen");
            foreach (Unseen unseen in diagnosis.Unseen)
            {
                json.WriteStartObject();
                json.WriteString("what", unseen.What);
                json.WriteString("why", unseen.Why);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    private static string Count(HostDiagnosis diagnosis, Severity severity, string what)
    {
        int count = diagnosis.Count(severity);
        return count == 1 ? $"1 {what}" : $"{count} {what}s";
    }
}
