using WgProxy.Core.Admission;
using WgProxy.Linux.Send;

namespace WgProxy.Linux.Listen;

/// <summary>What the groups of all listening addresses have in common.</summary>
/// <param name="Steering">How datagrams are steered to workers.</param>
/// <param name="Spread">Chooses the socket for a stranger.</param>
/// <param name="Segmentation">Whether the kernel may join datagrams.</param>
internal sealed record ListenRoom(Steering Steering, StrangerSpread Spread, Segmentation Segmentation);
