using System.Collections;
using System.Text;
using WgProxy.Configuration;
using WgProxy.Core.Protocol;
using WgProxy.Hosting;
using WgProxy.Importing;
using WgProxy.Logging;

namespace WgProxy.Commands;

/// <summary><c>wgproxy import</c>: writes a relay's configuration to standard output, made from WireGuard's own file or from the options,
/// and the lines of a client's file that must change to standard error. No private and no preshared key leaves the file.</summary>
/// <param name="line">A valid command line.</param>
/// <param name="environment">The environment, names to texts.</param>
/// <param name="log">Where errors go.</param>
internal sealed class ImportCommand(CommandLine line, IDictionary environment, Log log)
{
    private const string StandardInput = "-";

    /// <summary>Imports; returns the exit code.</summary>
    /// <param name="input">Standard input.</param>
    /// <param name="output">Where the configuration goes.</param>
    /// <param name="advice">Where the lines to change go.</param>
    public int Run(Stream input, TextWriter output, TextWriter advice)
    {
        string? path = line.Word ?? line.InPlace;
        if (path is null)
        {
            return TryReadServer(out ServerName? endpoint, out PublicKey? key, null) ? Write(ImportedServers.Of(endpoint!, key!), output) : ExitCode.WrongSettings;
        }

        if (line.Relay is not null && !ServerName.TryParse(line.Relay, out _, out string? wrong))
        {
            log.BadArgument("--relay", line.Relay, $"{wrong}; expected {SettingParser.ServerForm}");
            return ExitCode.WrongSettings;
        }

        if (line.InPlace is not null && line.Relay is null)
        {
            log.BadArgument("--in-place", line.InPlace, "it needs --relay HOST:PORT, the endpoint that the client is to use");
            return ExitCode.WrongSettings;
        }

        return Read(path, input) is { } bytes && Parse(path, bytes) is { } file ? Import(file, path, output, advice) : ExitCode.WrongSettings;
    }

    private int Import(WireGuardFile file, string path, TextWriter output, TextWriter advice)
    {
        bool isServers = file.Peers.All(peer => peer.EndpointLine == 0) || (file.ListensOnPort && file.Peers.Any(peer => peer.EndpointLine == 0));
        if (isServers)
        {
            return TryReadServer(out ServerName? endpoint, out PublicKey? key, path)
                ? Write(ImportedServers.OfServer(file, endpoint!, key!), output)
                : ExitCode.WrongSettings;
        }

        ImportedServers imported = ImportedServers.OfClient(file);
        if (line.Relay is not null && imported.Servers.Any(server => string.Equals(server.Endpoint.ToString(), line.Relay, StringComparison.OrdinalIgnoreCase)))
        {
            log.BadArgument("--relay", line.Relay, $"{path} leads there already: expected a file that leads to its server");
            return ExitCode.WrongSettings;
        }

        ClientEdit edit = new(file, line.Relay ?? $"<this relay's name>:{Port}");
        if (line.InPlace is null)
        {
            advice.Write($"In the client's file, change:\n{edit.ToText()}");
            return Write(imported, output);
        }

        return EditInPlace(line.InPlace, path, edit, advice) is not ExitCode.Done and int code ? code : Write(imported, output);
    }

    private int EditInPlace(string target, string path, ClientEdit edit, TextWriter advice)
    {
        byte[]? bytes = Read(target, Stream.Null);
        if (bytes is null)
        {
            return ExitCode.WrongSettings;
        }

        // Another file than the one that was imported, such as a copy of it: its own lines change.
        if (!string.Equals(target, path, StringComparison.Ordinal))
        {
            if (Parse(target, bytes) is not { } other)
            {
                return ExitCode.WrongSettings;
            }

            edit = new ClientEdit(other, line.Relay!);
        }

        if (ClientEdit.Replace(target, edit.Apply(bytes)) is string refusal)
        {
            log.FileIsNotWritten(target, refusal);
            return ExitCode.SystemRefused;
        }

        advice.Write($"Changed in {target}:\n{edit.ToText()}");
        return ExitCode.Done;
    }

    private int Write(ImportedServers imported, TextWriter output)
    {
        IEnumerable<(string Key, string Text)> relay = OptionTable.Rows
            .Where(row => row.Sections.HasFlag(FileSections.Relay))
            .Select(row => (row.Key, Text: TextOf(row) ?? (row == OptionTable.Listen ? row.Default : null)))
            .Where(each => each.Text is not null)
            .Select(each => (each.Key, each.Text!));
        string text = imported.ToText(relay);
        ConfigFaults faults = RelayFile.Parse("the configuration", text).Faults;
        log.FileIsWrong("the configuration made of it", faults);
        if (faults.Count > 0)
        {
            return ExitCode.WrongSettings;
        }

        output.Write(text);
        return ExitCode.Done;
    }

    private bool TryReadServer(out ServerName? endpoint, out PublicKey? key, string? path)
    {
        bool valid = TryRead(OptionTable.Server, path, out endpoint) & TryRead(OptionTable.Key, path, out key);
        return valid;
    }

    private bool TryRead<T>(OptionRow<T> row, string? path, out T? value)
        where T : class
    {
        value = null;
        if (TextOf(row) is not string text)
        {
            log.ImportNeeds(row, path);
            return false;
        }

        bool valid = row.Parse(text, out T parsed, out string? refusal);
        value = parsed;
        if (!valid)
        {
            log.SettingIsWrong(row, text, refusal);
        }

        return valid;
    }

    private string Port => EndPointText.TrySplit(TextOf(OptionTable.Listen) ?? OptionTable.Listen.Default!, out _, out _, out ushort port, out _) ? $"{port}" : "51820";

    private string? TextOf(OptionRow row) =>
        line[row]?.Trim() ?? ((environment[row.Variable] as string)?.Trim() is { Length: > 0 } text ? text : null);

    private byte[]? Read(string path, Stream input)
    {
        byte[]? bytes = path is StandardInput ? ConfigFile.ReadBytes(input, out string? refusal) : ConfigFile.ReadBytes(path, out refusal);
        if (bytes is null)
        {
            log.BadArgument("FILE", path, $"{refusal}; expected a file of wg or wg-quick");
        }

        return bytes;
    }

    private WireGuardFile? Parse(string path, byte[] bytes)
    {
        WireGuardFile file = WireGuardFile.Parse(Encoding.UTF8.GetString(bytes));
        log.FileIsWrong(path, file.Faults);
        return file.Faults.Count == 0 ? file : null;
    }
}
