using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Model;

/// <summary>Queries over more slots than the small tables of random sequences have, 256 in each turn as in an engine.</summary>
public sealed class RelayQueryTests
{
    private const int Clients = 300;

    [Fact]
    public void Relay_and_model_agree_on_a_query_that_takes_turns()
    {
        Sequence head = Sequence.Parse("routes=1 mappings=700 asked=400 claimed=3 idle=300 adopt=0 share=3");
        Step[] steps =
        [
            .. Enumerable.Range(0, Clients).Select(client => Step.Client(client, Message.Ask(0, 0xC000 + (uint)client, (uint)client))),
            Step.Query(0, Clients + 1, 0),

            // The first 256 slots have been visited: what these mappings do is not told any more. What the others do is.
            Step.Server(Clients - 1, 0, Message.Answer(-1, 0x5001, 0xC000 + Clients - 1)),
            Step.Server(0, 0, Message.Answer(-1, 0x5000, 0xC000)),
            Step.Query(0, 0, 0),
        ];
        Assert.Equal(QueryLine.SlotsPerTurn, head.SlotsPerTurn);
        Lockstep both = new(head);
        Assert.All(steps[..^2], step => Assert.Null(both.Do(step)));
        Assert.Equal(Clients, both.Live.Count);
        Assert.Empty(both.Queries);
        Assert.Null(both.Do(steps[^2]));
        Assert.Equal(1, both.Queries["query.answered"]);
        Assert.Null(both.Do(steps[^1]));
        Assert.Equal(2, both.Queries["query.answered"] + both.Queries["query.full"]);

        // A model that shows the last one as it was in the first turn is found out.
        Lockstep wrong = new(head, new ReferenceRules { QueriesShowOneMoment = true });
        Assert.All(steps[..^2], step => Assert.Null(wrong.Do(step)));
        Assert.Contains("Proof = Answered", wrong.Do(steps[^2]), StringComparison.Ordinal);
    }
}
