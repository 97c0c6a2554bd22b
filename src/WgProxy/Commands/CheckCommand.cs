using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Resolving;

namespace WgProxy.Commands;

/// <summary><c>wgproxy check</c>: validates the settings, resolves the servers' names, tries what upstream sockets are to be bound to, and
/// reports, without listening anywhere.</summary>
/// <param name="reader">Reads the settings.</param>
/// <param name="lookUp">Asks the system.</param>
/// <param name="own">Where the relay would listen.</param>
internal sealed class CheckCommand(OptionsReader reader, LookUp lookUp, Func<IEnumerable<IPAddress>> own)
{
    private const int AtOnce = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Checks; returns the exit code. What is wrong with the settings has been logged then.</summary>
    /// <param name="output">Where the report goes.</param>
    public async Task<int> RunAsync(TextWriter output)
    {
        if (reader.Read() is not { } options)
        {
            return ExitCode.WrongSettings;
        }

        await output.WriteAsync($"{options.File ?? "flags and variables"}: {Count(options.Servers.Count, "server")}, "
            + $"{Count(options.Servers.Sum(server => server.Peers.Count), "peer")}; clients use {options.Listen}\n");
        using SemaphoreSlim places = new(AtOnce);
        OwnAddresses relay = new(options.Listen.All, own);
        Task<(int Code, string Text)>[] looked =
            [.. options.Servers.SelectMany(server => server.Endpoints.Select(endpoint => LookAsync(server, endpoint, relay, places)))];
        int worst = await BindAsync(options, output);
        foreach (Task<(int Code, string Text)> each in looked)
        {
            (int code, string text) = await each;
            worst = worst == ExitCode.WrongSettings || code == ExitCode.Done ? worst : code;
            await output.WriteAsync(text);
        }

        return worst;
    }

    // As the relay does before it starts: with the privileges of the user who checks.
    private static async Task<int> BindAsync(Options options, TextWriter output)
    {
        try
        {
            foreach (string untold in EngineChoice.TryBinding(options))
            {
                await output.WriteAsync($"{untold}\n");
            }

            return ExitCode.Done;
        }
        catch (EngineException refusal)
        {
            await output.WriteAsync($"{StartRefusal.UpstreamSettingOf(refusal)?.Name ?? "upstream sockets"}: {refusal.Message}\n");
            return ExitCode.SystemRefused;
        }
    }

    private async Task<(int Code, string Text)> LookAsync(ServerOptions server, ServerName endpoint, OwnAddresses relay, SemaphoreSlim places)
    {
        await places.WaitAsync();
        string lead = $"server {endpoint.Title}, public key {server.Key}";
        try
        {
            IPAddress[] answer = [.. (await lookUp(endpoint, default).WaitAsync(Patience)).Select(EndPointText.Normalise).Distinct()];
            IPAddress[] usable = [.. answer.Where(address => endpoint.Refusal(address) is null && !relay.Contains(address, endpoint.Port))];
            if (usable.Length > 0)
            {
                return (ExitCode.Done, $"{lead}: is at {string.Join(", else at ", usable.Select(address => new IPEndPoint(address, endpoint.Port)))}\n");
            }

            IPAddress? loop = Array.Find(answer, address => relay.Contains(address, endpoint.Port));
            return loop is null
                ? (ExitCode.SystemRefused, $"{lead}: cannot be resolved: {(answer is [IPAddress first, ..] ? $"the answer is {first}, and {endpoint.Refusal(first)}" : "the answer holds no address")}\n")
                : (ExitCode.WrongSettings, $"{lead}: resolves to {loop}, where this relay itself listens\n");
        }
        catch (TimeoutException)
        {
            return (ExitCode.SystemRefused, $"{lead}: cannot be resolved: no answer in {Patience.TotalSeconds} s\n");
        }
        catch (Exception refusal) when (refusal is not OperationCanceledException)
        {
            return (ExitCode.SystemRefused, $"{lead}: cannot be resolved: {LookUpFailure.Words(refusal)}\n");
        }
        finally
        {
            _ = places.Release();
        }
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
