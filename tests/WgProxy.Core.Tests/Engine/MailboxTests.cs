using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Engine;

/// <summary>What waits for an owner of a relay.</summary>
public sealed class MailboxTests
{
    [Fact]
    public void Equal_commands_coalesce_and_different_ones_are_all_taken()
    {
        Mailbox mailbox = new();
        Assert.False(mailbox.TryTake(out _));
        for (int i = 0; i < 1_000; i++)
        {
            Assert.True(mailbox.TryPost(EngineCommand.PathsChanged));
            Assert.True(mailbox.TryPost(EngineCommand.RouteChanged(IdOf(0))));
            Assert.True(mailbox.TryPost(EngineCommand.RouteChanged(IdOf(i % 3))));
        }

        HashSet<EngineCommand> taken = [];
        while (mailbox.TryTake(out EngineCommand command))
        {
            Assert.True(taken.Add(command), $"{command} came twice");
        }

        Assert.Equal(
            [EngineCommand.PathsChanged, EngineCommand.RouteChanged(IdOf(0)), EngineCommand.RouteChanged(IdOf(1)), EngineCommand.RouteChanged(IdOf(2))],
            taken.OrderByDescending(command => command.Kind).ThenBy(command => command.Route.Index));
    }

    [Fact]
    public void A_full_mailbox_says_so_and_has_room_again()
    {
        Mailbox mailbox = new();
        for (int route = 0; route < Mailbox.Capacity; route++)
        {
            Assert.True(mailbox.TryPost(EngineCommand.RouteChanged(IdOf(route))));
        }

        Assert.False(mailbox.TryPost(EngineCommand.PathsChanged));
        Assert.True(mailbox.TryPost(EngineCommand.RouteChanged(IdOf(7))), "an equal command needs no room");
        Assert.True(mailbox.TryTake(out _));
        Assert.True(mailbox.TryPost(EngineCommand.PathsChanged));
    }

    [Fact]
    public void Whatever_is_posted_while_commands_are_taken_is_taken()
    {
        const int posts = 200_000;
        Mailbox mailbox = new();
        long published = 0;
        long seen = 0;
        Thread owner = new(() =>
        {
            while (Volatile.Read(ref seen) < posts)
            {
                if (mailbox.TryTake(out _))
                {
                    Volatile.Write(ref seen, Volatile.Read(ref published));
                }
            }
        });
        owner.Start();
        for (int i = 1; i <= posts; i++)
        {
            Volatile.Write(ref published, i);
            Assert.True(mailbox.TryPost(EngineCommand.PathsChanged));
        }

        Assert.True(owner.Join(TimeSpan.FromSeconds(30)), $"the last command was lost: {Volatile.Read(ref seen)} of {posts} were seen");
    }

    private static RouteId IdOf(int route) => new((ushort)route, 3);
}
