using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace WgProxy.Control;

/// <summary>
/// Makes Kestrel's server without TLS. Its public constructor always brings TLS along, which is a fifth of the native form. UseKestrelCore
/// does not, but speaks to the builder of a host: this one takes what is registered, and builds no host.
/// </summary>
internal sealed class PlainKestrel : IWebHostBuilder
{
    private readonly ServiceCollection _parts = [];

    private PlainKestrel()
    {
    }

    /// <summary>Makes a server that has not begun. Disposing of its parts disposes of it too.</summary>
    /// <param name="options">Where it listens, and its limits.</param>
    /// <param name="transport">How its sockets are made.</param>
    /// <param name="parts">What it is made of.</param>
    public static IServer Make(KestrelServerOptions options, SocketTransportOptions transport, out ServiceProvider parts)
    {
        PlainKestrel builder = new();
        _ = builder._parts
            .AddSingleton(Options.Create(options))
            .AddSingleton(Options.Create(transport))
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton<DiagnosticSource>(new DiagnosticListener(nameof(WgProxy)))
            .AddSingleton<IMeterFactory, Meters>();
        _ = builder.UseKestrelCore();
        parts = builder._parts.BuildServiceProvider();
        return parts.GetRequiredService<IServer>();
    }

    /// <inheritdoc/>
    public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configureServices)
    {
        configureServices(_parts);
        return this;
    }

    /// <inheritdoc/>
    public string? GetSetting(string key) => null;

    /// <inheritdoc/>
    public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configureServices) => throw NoHost();

    /// <inheritdoc/>
    public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configureDelegate) => throw NoHost();

    /// <inheritdoc/>
    public IWebHostBuilder UseSetting(string key, string? value) => throw NoHost();

    /// <inheritdoc/>
#pragma warning disable ASPDEPR008 // IWebHost is obsolete, and the interface still asks for it.
    public IWebHost Build() => throw NoHost();
#pragma warning restore ASPDEPR008

    private static NotSupportedException NoHost() => new("there is no host");

    // Kestrel counts into a meter that no one reads.
    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
            // Nothing is kept.
        }
    }
}
