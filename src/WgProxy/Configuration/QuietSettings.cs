namespace WgProxy.Configuration;

/// <summary>The settings of a relay that a command needs which asks it. What is wrong with the others is the relay's matter.</summary>
/// <param name="Control">The text of <see cref="OptionTable.Control"/>.</param>
/// <param name="StateDirectory">The text of <see cref="OptionTable.StateDirectory"/>.</param>
/// <param name="Servers">The servers, as far as they can be read.</param>
internal sealed record QuietSettings(string Control, string StateDirectory, IReadOnlyList<ServerOptions> Servers);
