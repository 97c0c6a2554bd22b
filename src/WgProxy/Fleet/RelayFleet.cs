using System.Buffers.Binary;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Hosting;
using WgProxy.State;

namespace WgProxy.Fleet;

/// <summary>One relay's part in its fleet, from the start to the end of its run.</summary>
internal sealed class RelayFleet : IAsyncDisposable
{
    private readonly FleetPublisher _publisher;
    private readonly Task _connecting;
    private TunnelSeeker? _seeker;

    /// <summary>Begins to connect, and to publish.</summary>
    /// <param name="settings">What the section says.</param>
    /// <param name="store">The store, not connected yet.</param>
    /// <param name="report">Told what is wrong with the store when that begins, and null when it has passed.</param>
    public RelayFleet(FleetSettings settings, FleetStore store, Action<string?> report)
    {
        (Settings, Store) = (settings, store);
        Span<byte> nonce = stackalloc byte[16];
        EngineSeeds seeds = RandomBits.DrawSeeds();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, seeds.Nonce.K0);
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[8..], seeds.Nonce.K1);
        _connecting = Task.Run(store.ConnectAsync);
        _publisher = new FleetPublisher(store, settings.Name, nonce, report);
    }

    /// <summary>What the section says.</summary>
    public FleetSettings Settings { get; }

    /// <summary>The store.</summary>
    public FleetStore Store { get; }

    /// <summary>How many records wait to be written.</summary>
    public int Waiting => _publisher.Count;

    /// <summary>For how many milliseconds the oldest of them has waited.</summary>
    public long OldestFor => _publisher.OldestFor;

    /// <summary>The settings of an engine whose records are published, beside what is done with them already, and that seeks in the store what it does not know.</summary>
    public EngineSettings Equip(EngineSettings settings)
    {
        RecordWriter? former = settings.Journal?.Write;
        TunnelSeeker seeker = _seeker ??= new TunnelSeeker(Store, settings.Routes);
        return settings with
        {
            Directory = seeker.Directory,
            Starting = engine =>
            {
                seeker.Tell(engine);
                settings.Starting?.Invoke(engine);
            },
            Journal = new JournalSettings
            {
                Clock = settings.Journal?.Clock ?? HostInstant.Now,
                Write = (in MappingRecord record) =>
                {
                    // What the state file has no room for is told again.
                    bool isWritten = former is null || former(record);
                    if (isWritten)
                    {
                        _publisher.Add(record);
                    }

                    return isWritten;
                },
            },
        };
    }

    /// <summary>Publishes what is still to be published, if the store takes it. The engine has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_seeker is not null)
        {
            await _seeker.DisposeAsync();
        }

        _publisher.Dispose();
        await _connecting;
        await Store.DisposeAsync();
    }
}
