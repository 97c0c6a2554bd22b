namespace WgProxy.Logging;

/// <summary>
/// Decides which changes of mappings are worth a line, on the engine's thread. Whoever knows the public key can open
/// mappings at will, so a client is named at the information level only from the moment the server has accepted it: the
/// volume of the log is in the hands of accepted clients.
/// </summary>
/// <param name="log">Where it is said.</param>
/// <param name="settings">The relay's limits.</param>
/// <param name="unanswered">Told of every sign that a server in use fell silent.</param>
internal sealed class RelayObserver(Log log, RelaySettings settings, Action unanswered)
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
                unanswered();
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
            case RelayEventKind.Established or RelayEventKind.Confirmed:
                _accepted[change.Slot] = true;
                break;
        }

        // What may concern all clients at once, or comes every few seconds, is no line for each.
        bool notable = _accepted[change.Slot] && change.Kind != RelayEventKind.Confirmed
            && change.Kind is not (RelayEventKind.Answered or RelayEventKind.Unanswered
                or RelayEventKind.Rerouted or RelayEventKind.Redirected or RelayEventKind.PassedOver);
        log.Changed(notable ? LogLevel.Info : LogLevel.Debug, change);
    }
}
