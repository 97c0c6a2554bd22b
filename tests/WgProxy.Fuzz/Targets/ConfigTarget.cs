using System.Text;
using WgProxy.Configuration;
using WgProxy.Fuzz.Fuzzing;
using WgProxy.Importing;

namespace WgProxy.Fuzz.Targets;

/// <summary>A configuration file of any bytes. Its lines are read as a plain second reader reads them; what it says is whole, or has
/// faults with lines that are there; and a client's file of the same bytes is changed in the lines that it names, and in no other.</summary>
/// <param name="read">What is judged; the program's reader unless a test breaks it.</param>
internal sealed class ConfigTarget(ConfigTarget.Reader? read = null) : Target
{
    private const string Key = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    private readonly Reader _read = read ?? ConfigText.Parse;

    public delegate IReadOnlyList<ConfigSection> Reader(string text, ConfigFaults faults);

    public override string Name => "config";

    public override int Longest => 400;

    public override long Short => 20_000;

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "[Relay]\n", "[Server]\n", "[Peer]\n", "[Interface]\n", "\n", "\r\n", "#", " # ", "=", " = ", "[", "]", ",", "\uFEFF", "\0",
            $"PublicKey = {Key}\n", "PublicKey", "Name = x\n", "Name", "Endpoint = a.example:1\n", "Endpoint", "Timeout = 5\n", "Timout", "Deny = 192.0.2.0/24\n",
            "Allow", "Listen = [::]:1\n", "MTU = 1500\n", "ListenPort = 1\n", "PrivateKey", "PresharedKey", "# BEGIN_PEER x\n", "### Client x\n", "# Name = x\n",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [],
        Encoding.UTF8.GetBytes($"[Relay]\nTimeout = 5\n[Server]\nPublicKey = {Key}\nEndpoint = a.example:1\n[Peer]\nPublicKey = {Key}\n"),
        Encoding.UTF8.GetBytes($"[Interface]\nMTU = 1500\n# x\n[Peer]\nPublicKey = {Key}\nEndpoint = a.example:1 # y\n"),
    ];

    public override string? Run(ReadOnlySpan<byte> input, Signal signal)
    {
        string text = Encoding.UTF8.GetString(input);
        string plain = Show(Plainly(text));
        string judged = Show(_read(text, new ConfigFaults()));
        return string.Equals(plain, judged, StringComparison.Ordinal) ? JudgeFile(text, signal) ?? JudgeEdit(input, text, signal) : $"read as {judged} instead of {plain}";
    }

    public override string Describe(byte[] input) => Encoding.UTF8.GetString(input);

    private static string? JudgeFile(string text, Signal signal)
    {
        RelayFile file = RelayFile.Parse("x", text);
        int lines = text.Split('\n').Length;
        foreach (ConfigFault fault in file.Faults.Kept)
        {
            signal.Show("fault " + fault.Text[..Math.Min(12, fault.Text.Length)]);
            if (fault.Line < 1 || fault.Line > lines)
            {
                return $"a fault in line {fault.Line} of {lines}";
            }
        }

        signal.Show("servers", file.Servers.Count, file.Servers.Sum(server => server.Peers.Count), file.Relay.Count);
        return file.Servers.Select(server => server.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count() == file.Servers.Count
            && file.Servers.Select(server => server.Key).Distinct().Count() == file.Servers.Count
            ? null
            : "two servers have one name, or one key";
    }

    private static string? JudgeEdit(ReadOnlySpan<byte> input, string text, Signal signal)
    {
        WireGuardFile file = WireGuardFile.Parse(text);
        ClientEdit edit = new(file, "relay.example:9");
        byte[] changed = edit.Apply(input.ToArray());
        string[] before = Encoding.Latin1.GetString(input).Split('\n');
        string[] after = Encoding.Latin1.GetString(changed).Split('\n');
        int differ = before.Length == after.Length ? before.Zip(after).Count(pair => !string.Equals(pair.First, pair.Second, StringComparison.Ordinal)) : int.MaxValue;
        int expected = file.Peers.Count(peer => peer is { Key: not null, Endpoint: not null }) + (file.Mtu > ClientEdit.MostMtu ? 1 : 0);
        signal.Show("edit", differ, expected, file.Peers.Count(peer => peer.Name is not null));
        return differ <= expected ? null : $"{differ} lines differ, and {expected} were to";
    }

    private static List<ConfigSection> Plainly(string text)
    {
        List<ConfigSection> sections = [];
        string[] lines = (text.StartsWith('\uFEFF') ? text[1..] : text).Split('\n');
        for (int number = 1; number <= lines.Length; number++)
        {
            string line = lines[number - 1].Split('#')[0].Trim();
            string[] parts = line.Split('=', 2);
            if (line.StartsWith('['))
            {
                sections.Add(new ConfigSection(line.Trim('[', ']').Trim(), number, []));
            }
            else if (parts.Length == 2 && parts[0].Length > 0 && sections.Count > 0)
            {
                sections[^1].Entries.Add(new ConfigEntry(parts[0].Trim(), parts[1].Trim(), number));
            }
        }

        return sections;
    }

    private static string Show(IReadOnlyList<ConfigSection> sections) => string.Join("; ", sections.Select(section =>
        $"{section.Line} [{section.Name}] {string.Join(", ", section.Entries)}"));
}
