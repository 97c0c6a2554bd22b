using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Logging;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>What the counters show to be wrong for good is said once, and so is its end.</summary>
public sealed class TroubleTests
{
    private readonly FakeTime _time = new();
    private readonly HeardLog _heard;
    private readonly RelayCounters _counters = new();
    private readonly Trouble _trouble;
    private readonly Silence _silence;

    public TroubleTests()
    {
        _heard = new HeardLog(_time);
        ServerName server = new("192.0.2.1", 51820, IPAddress.Parse("192.0.2.1"));
        _silence = new Silence(server, _time, _heard.Log);
        _trouble = new Trouble(
            () => throw new InvalidOperationException("the tests look by themselves"), _ => Task.CompletedTask, _time, _heard.Log);
    }

    [Fact]
    public void A_server_that_answers_nobody_who_asks_is_said_after_20_seconds_and_again_when_it_is_heard()
    {
        _counters.Live(Proof.Asked, 2);
        Look(1, "uplink.Forward", "downlink.Forward");
        Look(3, "uplink.Forward");
        Assert.Empty(_heard.Lines);
        Look(20, "uplink.Forward");
        Assert.Contains(
            " warning server 192.0.2.1:51820 has sent nothing for 20 s though clients send to it (2 of them unanswered so far): ",
            Assert.Single(_heard.Lines),
            StringComparison.Ordinal);
        Look(1, "downlink.Forward");
        Assert.EndsWith(" info server 192.0.2.1:51820 is heard again", _heard.Lines[^1], StringComparison.Ordinal);
        Look(10, "downlink.Forward");
        Assert.Equal(2, _heard.Lines.Length);
    }

    [Fact]
    public void A_server_that_goes_silent_in_the_midst_of_tunnels_is_said_though_nobody_new_asks()
    {
        Look(10, "uplink.Forward", "downlink.Forward");
        Look(31, "uplink.Forward");
        Assert.Empty(_heard.Lines);
        Look(1, "uplink.Forward");
        Assert.Contains(" has sent nothing for 160 s ", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Silence_of_all_is_no_trouble()
    {
        Look(10, "uplink.Forward", "downlink.Forward");
        Look(100);
        Look(20, "uplink.Forward");
        Look(1, "downlink.Forward");
        Assert.Empty(_heard.Lines);
    }

    [Fact]
    public void A_server_that_comes_and_goes_is_said_once_in_ten_minutes()
    {
        _counters.Live(Proof.Asked, 1);
        for (int i = 0; i < 24; i++)
        {
            Look(5, "uplink.Forward");
            Look(1, "downlink.Forward");
        }

        Assert.Equal(2, _heard.Lines.Count(line => line.Contains(" has sent nothing for ", StringComparison.Ordinal)));
        Assert.Equal(2, _heard.Lines.Count(line => line.Contains(" is heard again", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("fault.SendFailed", "datagrams could not be sent in the last 5 s", "datagrams are sent again")]
    [InlineData("fault.ReceiveFailed", "receives failed in the last 5 s", "receives no longer fail")]
    public void What_keeps_failing_is_said_and_so_is_its_end(string counter, string said, string end)
    {
        Look(2, counter);
        Look(1);
        Look(2, counter);
        Assert.Empty(_heard.Lines);
        Look(5, counter);
        Assert.Contains($" warning 1 {said}", Assert.Single(_heard.Lines), StringComparison.Ordinal);
        Look(1);
        Assert.EndsWith($" info {end}", _heard.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(2, _heard.Lines.Length);
    }

    [Fact]
    public void Clients_that_ask_for_another_key_are_said_where_nobody_has_the_right_one()
    {
        Look(3, "uplink.BadMac1");
        Assert.Contains(" none is made for this server's public key: expected --public-key", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Strangers_that_guess_are_no_trouble_where_clients_have_the_right_key()
    {
        Look(1, "uplink.Open");
        Look(3, "uplink.BadMac1");
        Assert.Empty(_heard.Lines);
    }

    private void Look(int times, params string[] growing)
    {
        for (int i = 0; i < times; i++)
        {
            foreach (string counter in growing)
            {
                Count(counter);
            }

            _time.Advance(Trouble.Period);
            CountersSnapshot now = new(_counters);
            _trouble.Look(now);
            _silence.Look(AnswerFigures.Of(now));
        }
    }

    private void Count(string counter)
    {
        string[] parts = counter.Split('.');
        if (parts is ["fault", ..])
        {
            _counters.Count(Enum.Parse<EngineFault>(parts[1]));
        }
        else
        {
            _counters.Count(Enum.Parse<Direction>(parts[0], ignoreCase: true), Enum.Parse<Verdict>(parts[1]), 1, 1);
        }
    }
}
