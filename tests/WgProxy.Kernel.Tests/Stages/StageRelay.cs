namespace WgProxy.Kernel.Tests.Stages;

/// <summary>The real <c>wgproxy</c>, with one of its engines, in the middle of a stage.</summary>
internal sealed class StageRelay : IDisposable
{
    private readonly Child _process;

    private StageRelay(Child process) => _process = process;

    public int Id => _process.Id;

    public static async Task<StageRelay> StartAsync(Namespace middle, Way engine, IPEndPoint server, string publicKey)
    {
        Child process = middle.Start(
            $"wgproxy, engine {engine.Name()}",
            RelayProcess.Binary,
            [],
            ("WGPROXY_ENGINE", engine.Name()),
            ("WGPROXY_SERVER", server.ToString()),
            ("WGPROXY_PUBKEY", publicKey),
            ("WGPROXY_LISTEN", $"[::]:{Stage.Port}"),
            ("WGPROXY_LOGLEVEL", "2"));
        try
        {
            await Eventually.TrueAsync(
                () => process.HasExited || process.Lines.Any(line => line.Contains(" is at ", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(30),
                () => $"the relay knows its server\n{process.Tail()}");
            Assert.False(process.HasExited, process.Tail());
            return new StageRelay(process);
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>Asks the relay what it sees.</summary>
    public async Task<RelayStatus> StatusAsync()
    {
        int from = _process.Lines.Length;
        _process.Signal(Libc.SIGUSR1);
        return RelayStatus.Parse(await _process.LineAsync(
            line => line.Contains(" status: ", StringComparison.Ordinal), "a status line", from));
    }

    /// <summary>Stops the relay as systemd does and asserts that it agreed.</summary>
    public async Task StopAsync()
    {
        _process.Signal(Libc.SIGTERM);
        int code = await _process.ExitAsync(TimeSpan.FromSeconds(10));
        Assert.True(code == 0, $"exit code {code} after SIGTERM\n{_process.Tail()}");
    }

    public void Dispose() => _process.Dispose();
}
