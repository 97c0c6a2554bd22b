using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Hosting;

/// <summary>
/// The engine of a relay that stands by for another: it is made when it starts, so that it is told what is true then. Before, it listens nowhere, answers that it does not run,
/// and takes every command, because an engine that starts later sees everything as it is by then. A start that was refused may be tried again.
/// </summary>
/// <param name="create">Makes the engine, with these addresses to listen on; with those of its settings if null.</param>
internal sealed class DeferredEngine(Func<IReadOnlyList<IPEndPoint>?, IEngine> create) : IEngine
{
    private readonly Lock _lock = new();
    private IReadOnlyList<IPEndPoint>? _listen;
    private volatile IEngine? _engine;
    private bool _isStopped;

    /// <inheritdoc/>
    public IReadOnlyList<IPEndPoint> Listening => _engine?.Listening ?? [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Shortfalls => _engine?.Shortfalls ?? [];

    /// <inheritdoc/>
    public void Start()
    {
        lock (_lock)
        {
            if (_isStopped || _engine is not null)
            {
                throw new EngineException("the engine has started already, or stopped");
            }

            IEngine engine = create(_listen);
            try
            {
                engine.Start();
                _engine = engine;
            }
            catch (EngineException)
            {
                engine.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void ListenOn(IReadOnlyList<IPEndPoint> listen)
    {
        lock (_lock)
        {
            _engine?.ListenOn(listen);
            _listen = listen;
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            _engine?.Stop();
        }
    }

    /// <inheritdoc/>
    public bool Post(EngineCommand command) => _engine?.Post(command) ?? true;

    /// <inheritdoc/>
    void IEngine.Restore(RestoreBatch batch)
    {
        if (_engine is { } engine)
        {
            engine.Restore(batch);
            return;
        }

        batch.Begin();
        batch.End(RestoreOutcome.NotRunning);
    }

    /// <inheritdoc/>
    bool IEngine.Tell(DirectoryAnswer answer) => _engine?.Tell(answer) ?? false;

    /// <inheritdoc/>
    public void Query(EngineQuery query)
    {
        if (_engine is { } engine)
        {
            engine.Query(query);
            return;
        }

        query.Begin();
        query.End(QueryOutcome.NotRunning);
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();
}
