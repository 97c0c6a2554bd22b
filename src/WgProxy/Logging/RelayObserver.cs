namespace WgProxy.Logging;

/// <summary>
/// Decides on the engine's thread which changes of mappings are logged. Anyone who knows the public key can open
/// mappings at will. So a client is named at the information level only after the server has accepted it, and only accepted
/// clients control the volume of the log.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="settings">The relay's limits.</param>
/// <param name="unanswered">Called for every sign that a server in use fell silent.</param>
internal sealed class RelayObserver(Log log, RelaySettings settings, Action<RouteId> unanswered)
{
    private readonly bool[] _accepted = new bool[settings.Slots];

    /// <summary>Takes note of one change. Called by one thread; does not wait.</summary>
    public void Observe(RelayEvent change)
    {
        switch (change.Kind)
        {
            case RelayEventKind.OpenFailed:
                log.OpenFailed(change);
                return;
            case RelayEventKind.Rerouted:
                log.Rerouted();
                break;
            case RelayEventKind.Unanswered:
                unanswered(change.Route);
                break;
            case RelayEventKind.Redirected when _accepted[change.Slot]:
                log.Redirected();
                break;
            case RelayEventKind.PassedOver:
                log.PassedOver();
                break;
            case RelayEventKind.Opened:
                _accepted[change.Slot] = false;
                break;
            case RelayEventKind.Restored:
                _accepted[change.Slot] = change.Proof >= Proof.Established;
                break;
            case RelayEventKind.Established or RelayEventKind.Confirmed:
                _accepted[change.Slot] = true;
                break;
        }

        // A change that concerns all clients at once, or comes every few seconds, has no line for each client.
        bool notable = _accepted[change.Slot] && change.Kind != RelayEventKind.Confirmed
            && change.Kind is not (RelayEventKind.Answered or RelayEventKind.Unanswered
                or RelayEventKind.Rerouted or RelayEventKind.Redirected or RelayEventKind.PassedOver or RelayEventKind.Restored);
        log.Changed(notable ? LogLevel.Info : LogLevel.Debug, change);
    }
}
