using System.Diagnostics;
using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Resolving;

namespace WgProxy.Diagnosis;

/// <summary>Looks where servers are, and how this host would send to them.</summary>
/// <param name="lookUp">Asks the system.</param>
/// <param name="relay">Where the relay listens.</param>
/// <param name="binding">What upstream sockets are bound to.</param>
internal sealed class EndpointSurvey(LookUp lookUp, OwnAddresses relay, UpstreamBinding binding)
{
    private const int AtOnce = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Looks at all endpoints.</summary>
    public async Task<IReadOnlyList<EndpointState>> LookAsync(IEnumerable<ServerName> endpoints)
    {
        using SemaphoreSlim places = new(AtOnce);
        return await Task.WhenAll(endpoints.Select(endpoint => LookAsync(endpoint, places)));
    }

    private async Task<EndpointState> LookAsync(ServerName endpoint, SemaphoreSlim places)
    {
        await places.WaitAsync();
        long begun = Stopwatch.GetTimestamp();
        try
        {
            IPAddress[] answer = [.. (await lookUp(endpoint, default).WaitAsync(Patience)).Select(EndPointText.Normalise).Distinct()];
            return Of(endpoint, begun, answer.Length == 0 ? "the answer holds no address" : null, answer);
        }
        catch (TimeoutException)
        {
            return Of(endpoint, begun, $"no answer in {Patience.TotalSeconds} s", []);
        }
        catch (Exception refusal) when (refusal is not OperationCanceledException)
        {
            return Of(endpoint, begun, LookUpFailure.Words(refusal), []);
        }
        finally
        {
            _ = places.Release();
        }
    }

    private EndpointState Of(ServerName endpoint, long begun, string? failure, IPAddress[] answer) => new(
        endpoint is { Address: not null, Alias: null } ? "the server" : endpoint.Title,
        endpoint.Host,
        endpoint.Address is null,
        failure,
        Stopwatch.GetElapsedTime(begun),
        [.. answer.Select(address => Of(endpoint, new IPEndPoint(address, endpoint.Port)))]);

    private AddressState Of(ServerName endpoint, IPEndPoint address) => new(
        address,
        endpoint.Refusal(address.Address),
        relay.Contains(address.Address, address.Port),
        OperatingSystem.IsLinux() ? HostTrials.PathTo(address, binding) : new PathAnswer(null, false, 0, IPAddress.Any));
}
