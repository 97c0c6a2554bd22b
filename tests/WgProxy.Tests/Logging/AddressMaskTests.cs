using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Fleet;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Serving;
using WgProxy.Standby;
using WgProxy.State;

namespace WgProxy.Tests.Logging;

/// <summary>Masks on addresses, in every line that the log can have.</summary>
public sealed class AddressMaskTests
{
    private const string IPv4 = "192.0.2.9";
    private const string IPv6 = "2001:db8:5:6::7";

    // As many forms of an address as a line may have.
    private const string Both = $"x {IPv4} {IPv4}:1000 [{IPv6}]:51820 {IPv6}%eth0: ::ffff:{IPv4}, {IPv6}/64 y";

    // Their figures are counts. They have no text from outside, beside the directory.
    private static readonly string[] OfRestoration = ["RecordsWait", "RecordsWaited", "Restored", "StateIsSetAside"];

    public static TheoryData<string, string, string> Texts => new()
    {
        { "client 192.0.2.9:1000 has a tunnel", "client 192.0.2.0/24 has a tunnel", "client (hidden) has a tunnel" },
        { "client [2001:db8:5:6::7]:1000 has", "client 2001:db8:5::/48 has", "client (hidden) has" },
        { "client [fe80::1%eth0]:1000 has", "client fe80::/48 has", "client (hidden) has" },
        { "at 2001:db8:5:6::7: no", "at 2001:db8:5::/48: no", "at (hidden): no" },
        { "at 2001:db8:5:6::7. No", "at 2001:db8:5::/48. No", "at (hidden). No" },
        { "at fe80::7%3, no", "at fe80::/48, no", "at (hidden), no" },
        { "at ::ffff:192.0.2.9 no", "at 192.0.2.0/24 no", "at (hidden) no" },
        { "192.0.2.9", "192.0.2.0/24", "(hidden)" },
        { "(192.0.2.9)", "(192.0.2.0/24)", "((hidden))" },
        { "\"192.0.2.9:5\": x", "\"192.0.2.0/24\": x", "\"(hidden)\": x" },
        { "node192.0.2.9", "node192.0.2.0/24", "node(hidden)" },
        { "192.0.2.128/25 and 2001:db8:5:6::/64", "192.0.2.0/24 and 2001:db8:5::/48", "(hidden) and (hidden)" },
        { "from [::]:51820, 0.0.0.0:5, 127.0.0.1:6 and [::1]:7", "from [::]:51820, 0.0.0.0:5, 127.0.0.1:6 and [::1]:7", "from [::]:51820, 0.0.0.0:5, 127.0.0.1:6 and [::1]:7" },
        { "wgproxy 1.2.3 at 12:34:56, 1.2.3.4.5 and 999.1.1.1", "wgproxy 1.2.3 at 12:34:56, 1.2.3.4.5 and 999.1.1.1", "wgproxy 1.2.3 at 12:34:56, 1.2.3.4.5 and 999.1.1.1" },
        { "deadlines: face::", "deadlines: face::/48", "deadlines: (hidden)" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void An_address_is_cut_or_hidden_and_nothing_else(string text, string prefix, string none)
    {
        Assert.Equal(text, AddressMask.Apply(LogAddresses.Full, text));
        Assert.Equal(prefix, AddressMask.Apply(LogAddresses.Prefix, text));
        Assert.Equal(none, AddressMask.Apply(LogAddresses.None, text));
    }

    [Theory]
    [InlineData("full", true)]
    [InlineData("prefix", false)]
    [InlineData("none", false)]
    public void No_line_that_there_is_tells_a_masked_address(string setting, bool tells)
    {
        Assert.True(SettingParser.TryParseLogAddresses(setting, out LogAddresses how, out _));
        StringBuilder all = new();
        using StringWriter output = new(all);
        Log log = new(output, forJournal: false, new FakeTime())
        {
            Level = LogLevel.Debug,
            Addresses = how,
            NameOf = _ => Both,
            ServerOf = _ => Both,
            PeerOf = (_, _) => Both,
        };
        foreach (LogFormat format in new[] { LogFormat.Text, LogFormat.Json })
        {
            log.Use(format);
            SayEverything(log);
        }

        string said = all.ToString() + string.Concat(log.Ring.Read().Select(entry => JsonSink.Format(entry) + Encoding.UTF8.GetString(JournalSink.Format(entry))));
        Assert.True(said.Split('\n').Length > 100, said);
        Assert.Equal(tells, said.Contains(IPv4, StringComparison.Ordinal));
        Assert.Equal(tells, said.Contains(IPv6, StringComparison.Ordinal));
        Assert.Equal(tells, said.Contains("5:6::", StringComparison.Ordinal));
        Assert.Equal(how == LogAddresses.Prefix, said.Contains("192.0.2.0/24", StringComparison.Ordinal));
    }

    private static void SayEverything(Log log)
    {
        MethodInfo[] lines =
        [
            .. typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Where(method => method.ReturnType == typeof(void) && !method.IsSpecialName && method.Name is not (nameof(Log.Use) or nameof(Log.BeginQueue))),
        ];
        Assert.True(lines.Length > 40, "where are the lines?");
        List<string> left = [];
        foreach (MethodInfo line in lines)
        {
            if (line.GetParameters().Any(parameter => parameter.ParameterType == typeof(Restoration)))
            {
                left.Add(line.Name);
                continue;
            }

            _ = line.Invoke(log, [.. line.GetParameters().Select(parameter => Something(parameter.ParameterType))]);
        }

        Assert.Equal(OfRestoration, left.Order(StringComparer.Ordinal));
        foreach (RelayEventKind kind in Enum.GetValues<RelayEventKind>())
        {
            log.Changed(LogLevel.Info, Change(kind));
        }
    }

    private static RelayEvent Change(RelayEventKind kind) => new(kind, 0, Source.From(IPEndPoint.Parse($"[{IPv6}]:1000")), new RouteId(0, 1), 40_000, ServerUsedPort: false)
    {
        Refusal = new OpenRefusal("connect", 101, IPEndPoint.Parse($"{IPv4}:51820")),
    };

    private static object? Something(Type type)
    {
        IPEndPoint end = IPEndPoint.Parse($"[{IPv6}]:51820");
        ServerName server = new(IPv4, 51820, IPAddress.Parse(IPv4)) { Alias = Both };
        EphemeralPorts ports = EphemeralPorts.Select("32768 60999", "", 0);
        type = type.IsByRef ? type.GetElementType()! : type;
        Dictionary<Type, object> known = new()
        {
            [typeof(string)] = Both,
            [typeof(IMac1Matcher)] = Mac1Matchers.Best,
            [typeof(IReadOnlyList<DateOnly>)] = new[] { new DateOnly(2026, 12, 1) },
            [typeof(int)] = 1,
            [typeof(bool)] = true,
            [typeof(long)] = 1L,
            [typeof(TimeSpan)] = TimeSpan.FromSeconds(7),
            [typeof(IPAddress)] = end.Address,
            [typeof(IReadOnlyList<IPAddress>)] = new[] { end.Address, IPAddress.Parse(IPv4) },
            [typeof(FleetSettings)] = new FleetSettings(StoreAddress.TryParse($"redis://{IPv4}:6379", out StoreAddress? store, out _) ? store : throw new FormatException(), "key", Both),
            [typeof(TakenMappings)] = new TakenMappings([], default, _ => { }),
            [typeof(IPEndPoint)] = end,
            [typeof(ListenAddresses)] = Listed($"{end}, {IPv4}:5"),
            [typeof(IEnumerable<IPEndPoint>)] = new[] { end, IPEndPoint.Parse($"{IPv4}:5") },
            [typeof(IReadOnlyList<IPEndPoint>)] = new[] { end, IPEndPoint.Parse($"{IPv4}:5") },
            [typeof(ServerName)] = server,
            [typeof(IReadOnlyList<ServerOptions>)] = new[] { ServerOptions.Of(server, Keys.Parse(Keys.Text)), ServerOptions.Of(server, Keys.Parse(Keys.Text)) },
            [typeof(OptionRow)] = OptionTable.Listen,
            [typeof(EngineException)] = new EngineException($"cannot listen on {end}"),
            [typeof(EphemeralPorts)] = ports,
            [typeof(Capacity)] = Capacity.From(ports, 1_024, 16_384),
            [typeof(RelayEvent)] = Change(RelayEventKind.OpenFailed),
            [typeof(LogLevel)] = LogLevel.Info,
            [typeof(ServerChanges)] = new ServerChanges([Both], [Both], [Both]),
        };
        if (type == typeof(ConfigFaults))
        {
            ConfigFaults faults = new();
            faults.Add(1, Both);
            return faults;
        }

        return known.TryGetValue(type, out object? value) ? value : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"no {type} to say"));
    }

    private static ListenAddresses Listed(string text) =>
        ListenAddresses.TryParse(text, out ListenAddresses listed, out string? refusal) ? listed : throw new ArgumentException(refusal, nameof(text));
}
