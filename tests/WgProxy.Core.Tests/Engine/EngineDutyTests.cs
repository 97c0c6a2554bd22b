using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Engine;

public sealed class EngineDutyTests
{
    public static TheoryData<RelayEventKind> Kinds => new(Enum.GetValues<RelayEventKind>());

    /// <summary>A socket that an engine forgets holds a slot, a port and a file for good.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Whatever_ends_a_mapping_closes_its_socket(RelayEventKind kind)
    {
        RelayEvent change = new(kind, 0, default, default, 1, true) { Proof = Proof.Confirmed };
        Assert.Equal(change.EndsMapping, change.Duty() == EngineDuty.Close);
    }

    [Theory]
    [InlineData(RelayEventKind.Restored, Proof.Established, EngineDuty.AnswerAsProven)]
    [InlineData(RelayEventKind.Restored, Proof.Lingering, EngineDuty.None)]
    [InlineData(RelayEventKind.Revived, Proof.Confirmed, EngineDuty.AnswerAsProven)]
    [InlineData(RelayEventKind.Revived, Proof.Claimed, EngineDuty.None)]
    public void A_client_is_answered_as_proven_from_when_it_is(RelayEventKind kind, Proof proof, Enum duty) =>
        Assert.Equal(duty, new RelayEvent(kind, 0, default, default, 1, true) { Proof = proof }.Duty());
}
