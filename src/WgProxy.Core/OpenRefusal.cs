using System.Net;

namespace WgProxy.Core;

/// <summary>Why an engine could not open an upstream socket.</summary>
/// <param name="Call">What was refused, as the kernel spells it; null if it was none of its calls.</param>
/// <param name="Error">The error's number; 0 if there is none.</param>
/// <param name="Server">Where the socket was to lead.</param>
public readonly record struct OpenRefusal(string? Call, int Error, IPEndPoint? Server);
