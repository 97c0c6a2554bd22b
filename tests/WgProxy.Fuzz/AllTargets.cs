using WgProxy.Fuzz.Fuzzing;
using WgProxy.Fuzz.Targets;

namespace WgProxy.Fuzz;

/// <summary>Everything that is fuzzed, by name.</summary>
internal static class AllTargets
{
    public static TheoryData<string> Names => ["classifier", "mac", "cookie", "control", "address", "record", "state", "fleet", "usage", "config", "relay"];

    public static Target Named(string name) => name switch
    {
        "classifier" => new ClassifierTarget(),
        "mac" => new MacTarget(),
        "cookie" => new CookieTarget(),
        "control" => new ControlTarget(),
        "address" => new AddressTarget(),
        "record" => new RecordTarget(),
        "config" => new ConfigTarget(),
        "state" => new StateTarget(),
        "fleet" => new FleetTarget(),
        "usage" => new UsageTarget(),
        "relay" => new RelayTarget(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such target."),
    };
}
