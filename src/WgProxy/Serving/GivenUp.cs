namespace WgProxy.Serving;

/// <summary>Addresses of one endpoint that its server has given up, because the relay is about to listen there itself.</summary>
/// <param name="Route">The server's route.</param>
/// <param name="TakeBack">Publishes them again, because the relay does not listen there after all.</param>
internal sealed record GivenUp(RouteId Route, Action TakeBack);
