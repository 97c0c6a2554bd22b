using System.Reflection;
using WgProxy.Core.Containers;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests;

/// <summary>Core's folders are floors: what stands on one knows what is below it, and nothing above. Read from the compiled code, so
/// that no fully written name and no inferred type goes by unseen.</summary>
public sealed class FloorsTests
{
    private const string Root = "WgProxy.Core";

    private static readonly Assembly Core = typeof(Relay).Assembly;

    // What each floor may know besides itself. The relay, which stands in the root, may know all of them but Engine.
    private static readonly Dictionary<string, string[]> Below = new(StringComparer.Ordinal)
    {
        ["Vocabulary"] = [],
        ["Containers"] = ["Vocabulary"],
        ["Protocol"] = ["Vocabulary", "Containers"],
        ["Routes"] = ["Vocabulary", "Containers", "Protocol"],
        ["Journal"] = ["Vocabulary", "Containers", "Protocol"],
        ["Mappings"] = ["Vocabulary", "Containers", "Protocol", "Routes", "Journal"],
        ["Tunnels"] = ["Vocabulary", "Containers", "Protocol", "Routes", "Journal", "Mappings"],
        ["Admission"] = ["Vocabulary", "Containers", "Protocol", "Routes", "Mappings"],
        [""] = ["Vocabulary", "Containers", "Protocol", "Routes", "Journal", "Mappings", "Tunnels", "Admission"],
        ["Engine"] = ["Vocabulary", "Containers", "Protocol", "Routes", "Journal", ""],
    };

    [Fact]
    public void Every_folder_is_a_floor() =>
        Assert.Equal(Below.Keys.Order(), Types().Select(FloorOf).Distinct(StringComparer.Ordinal).Order());

    [Fact]
    public void Floors_know_only_what_is_below()
    {
        string[] upwards = [.. from type in Types()
                               from known in KnownTo(type)
                               let floor = FloorOf(type)
                               where !string.Equals(FloorOf(known), floor, StringComparison.Ordinal) && !Below[floor].Contains(FloorOf(known), StringComparer.Ordinal)
                               select $"{type.FullName} knows {known.FullName}"];
        Assert.True(upwards.Length == 0, string.Join('\n', upwards.Distinct(StringComparer.Ordinal)));
    }

    /// <summary>Else the test above would find nothing in anything.</summary>
    [Fact]
    public void What_a_type_knows_is_found_in_its_code()
    {
        Type[] known = [.. KnownTo(typeof(Relay))];
        Assert.Contains(typeof(Decision), known);
        Assert.Contains(typeof(LinearHashTable<>), KnownTo(typeof(RoamingTable)));
        Assert.Contains(typeof(Datagram), known);
        Assert.True(known.Length > 20, $"{known.Length}");
    }

    private static IEnumerable<Type> Types() => Core.GetTypes().Where(type => type.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true);

    private static string FloorOf(Type type) => type.Namespace!.Length == Root.Length ? "" : type.Namespace[(Root.Length + 1)..].Split('.')[0];

    private static IEnumerable<Type> KnownTo(Type type)
    {
        const BindingFlags all = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        MethodBase[] methods = [.. type.GetMethods(all), .. type.GetConstructors(all)];
        return type.GetInterfaces().Append(type.BaseType)
            .Concat(type.GetFields(all).Select(field => field.FieldType))
            .Concat(methods.SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType))
            .Concat(methods.OfType<MethodInfo>().Select(method => method.ReturnType))
            .Concat(methods.SelectMany(InCode))
            .SelectMany(Parts)
            .Where(known => known.Assembly == Core && known.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true)
            .Distinct();
    }

    /// <summary>A type, what it is made of, and what it stands in.</summary>
    private static IEnumerable<Type> Parts(Type? type) => type switch
    {
        null => [],
        { HasElementType: true } => Parts(type.GetElementType()),
        { IsGenericParameter: true } => [],
        { IsConstructedGenericType: true } => type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()),
        _ => [type],
    };

    /// <summary>The types that a method's code names: of its variables, and of every member it calls or reads.</summary>
    private static IEnumerable<Type?> InCode(MethodBase method)
    {
        List<Type?> found = [.. method.GetMethodBody()?.LocalVariables.Select(variable => variable.LocalType) ?? []];
        foreach (MemberInfo member in ILReader.Of(method).Select(step => step.Member).OfType<MemberInfo>())
        {
            found.Add(member as Type ?? member.DeclaringType);
            found.AddRange((member as MethodInfo)?.GetGenericArguments() ?? []);
            found.Add((member as MethodInfo)?.ReturnType ?? (member as FieldInfo)?.FieldType);
        }

        return found;
    }
}
