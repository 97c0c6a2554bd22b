using System.Net;
using WgProxy.Bench;
using WgProxy.Core.Protocol;
using WgProxy.Load;

// What each option means stands in bench/ENVIRONMENT.md.
switch (args)
{
    case ["sink", .. string[] rest]:
        RunSink(new Arguments(rest));
        return 0;
    case ["load", .. string[] rest]:
        RunLoad(new Arguments(rest));
        return 0;
    case ["flood", .. string[] rest]:
        RunFlood(new Arguments(rest));
        return 0;
    default:
        Console.Error.WriteLine("usage: wgproxy-load sink|load|flood [--option value]...   (see bench/ENVIRONMENT.md)");
        return 2;
}

static void RunSink(Arguments options)
{
    using Sink sink = new(options.EndPoint("--listen"), options.Has("--gro"), options.Has("--echo"));
    new Thread(sink.Run) { IsBackground = true }.Start();
    Console.WriteLine("listening");
    while (Console.ReadLine() is { } order)
    {
        switch (order)
        {
            case "reset":
                sink.Reset();
                break;
            case "deafen":
                sink.Deafen();
                break;
        }

        Console.WriteLine(Lines.Write(sink.Read()));
    }
}

static void RunLoad(Arguments options)
{
    int count = options.Number("--flows", 1);
    IPEndPoint server = options.EndPoint("--to");
    IPAddress? from = options.Address("--from");
    Flow[] flows = [.. Enumerable.Range(0, count).Select(number => new Flow(number, server, from))];
    Console.WriteLine("open");
    if (options.Has("--wait"))
    {
        _ = Console.ReadLine();
    }

    bool storm = options.Text("--shape") is "storm";
    using Handshakes handshakes = new(flows, Mac1Of(options));
    handshakes.Run(options.Number("--ask-rate", 0), TimeSpan.FromSeconds(options.Seconds("--patience", 15)), keepalive: storm);
    if (!storm && handshakes.Answered < count)
    {
        throw new TimeoutException($"{handshakes.Answered} of {count} initiations were answered");
    }

    Console.WriteLine("ready");
    LoadReport report = storm ? ReportStorm(handshakes) : Send(options, flows);
    Console.WriteLine(Lines.Write(report with { Answered = handshakes.Answered, Initiations = handshakes.Initiations }));
    if (options.Has("--stay"))
    {
        _ = Console.ReadLine();
    }
}

static void RunFlood(Arguments options)
{
    IPAddress from = options.Address("--from") ?? throw new FormatException("--from is missing");
    using Flood flood = new(options.EndPoint("--to"), from, Mac1Of(options), options.Has("--forged"));
    Console.WriteLine("open");
    Console.WriteLine(Lines.Write(flood.Run(TimeSpan.FromSeconds(options.Seconds("--seconds", 1)), options.Number("--rate", 0))));
}

static Mac1 Mac1Of(Arguments options) =>
    PublicKey.TryParse(options.Text("--key"), out PublicKey? key, out string? error) ? new Mac1(key) : throw new FormatException(error);

static LoadReport Send(Arguments options, Flow[] flows)
{
    TimeSpan length = TimeSpan.FromSeconds(options.Seconds("--seconds", 1));
    int size = options.Number("--size", 1452);
    if (options.Text("--shape") is "pingpong")
    {
        return new PingPong(flows[0], size).Run(TimeSpan.FromSeconds(options.Seconds("--warm-up", 0)), length);
    }

    int train = options.Number("--train", 1);
    SendBatch batch = new(options.Number("--burst", train > 1 ? 4 : 64), size, train);
    return new OneWay(flows, batch, train).Run(length, options.Number("--rate", 0), options.Has("--echo"));
}

static LoadReport ReportStorm(Handshakes handshakes) => new()
{
    Sent = handshakes.Answered,
    Flows = handshakes.Answered,
    AnsweredSeconds = handshakes.Elapsed.TotalSeconds,
    P50 = handshakes.Times.At(0.5),
    P99 = handshakes.Times.At(0.99),
    P999 = handshakes.Times.At(0.999),
};
