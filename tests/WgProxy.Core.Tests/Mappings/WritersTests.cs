using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Mappings;

/// <summary>What a row says has one writer. A field is written by one type, its owner, or is a value that keeps its own state private,
/// so that the compiler allows nothing else. Read from the compiled code.</summary>
public sealed class WritersTests
{
    private static readonly Type[] Rows = [typeof(Mapping), typeof(MappingExtras)];

    // A member that moves from one owner to another is a change of design: it is to be seen here.
    private static readonly Dictionary<Type, string[]> Owned = new()
    {
        [typeof(MappingTable)] = ["Source", "Route", "NextOfSource", "HasExtras"],
        [typeof(TunnelTable)] = ["Tunnel", "NextOfTunnel"],
        [typeof(MappingLifecycle)] =
        [
            "Proof", "Former", "Admitted", "Counted", "Port", "ServerUsedPort", "WasAnswered", "HasLingered", "HasShown", "AwaitsClient",
            "AwaitsServer", "IsOnProbation", "HasSentLarge", "HasReceivedLarge", "Expires", "LastValid", "LastInitiation", "LastMac1", "UplinkBytes", "DownlinkBytes", "ProbationIndex",
            "Charged", "LingersUntil", "CookieUntil", "ServerCookie",
        ],
        [typeof(Relay)] = ["IsOnTrial", "OwesTrial", "NoSignUntil"],
    };

    // Values that stand in the rows, and that only their own methods change.
    private static readonly string[] OwnTheirState =
        ["RecentInitiations", "Answers", "Initiations", "Shown", "Unknown", "Claim", "TokenWait"];

    [Fact]
    public void What_a_row_says_has_one_writer()
    {
        Dictionary<string, SortedSet<string>> writers = new(StringComparer.Ordinal);
        foreach ((Type writer, MethodBase method) in Methods())
        {
            foreach (string member in Written(method))
            {
                (writers.TryGetValue(member, out SortedSet<string>? types) ? types : writers[member] = new(StringComparer.Ordinal)).Add(writer.Name);
            }
        }

        string[] expected = [.. Owned.SelectMany(owner => owner.Value.Select(member => $"{member}: {owner.Key.Name}")).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, writers.Select(member => $"{member.Key}: {string.Join(", ", member.Value)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_member_of_a_row_has_an_owner() =>
        Assert.Equal(
            Owned.Values.SelectMany(members => members).Concat(OwnTheirState).Order(StringComparer.Ordinal),
            Rows.SelectMany(Members).Order(StringComparer.Ordinal));

    [Fact]
    public void Values_that_own_their_state_keep_it_private() =>
        Assert.All(
            OwnTheirState.Select(name => Rows.Select(row => row.GetField(name)).First(field => field is not null)!.FieldType),
            type =>
            {
                Assert.Empty(type.GetFields(BindingFlags.Public | BindingFlags.Instance));
                Assert.All(type.GetProperties(), property => Assert.Null(property.GetSetMethod()));
            });

    [Fact]
    public void Only_the_table_replaces_whole_rows() =>
        Assert.Equal(
            [nameof(MappingTable)],
            Methods().Where(method => ILReader.Of(method.Method).Any(step => ReplacesRow(step))).Select(method => method.Writer.Name).Distinct(StringComparer.Ordinal));

    /// <summary>Else the tests above would find nothing in anything.</summary>
    [Fact]
    public void A_write_is_found_in_each_of_its_forms()
    {
        Assert.Equal(["Expires"], Written(Method(nameof(Forms.Store))));
        Assert.Equal(["HasShown"], Written(Method(nameof(Forms.Set))));
        Assert.Equal(["Port"], Written(Method(nameof(Forms.ByReference))));
        Assert.Equal(["LastValid"], Written(Method(nameof(Forms.ByLocal))));
        Assert.Equal(["UplinkBytes"], Written(Method(nameof(Forms.Increment))));
        Assert.Empty(Written(Method(nameof(Forms.Read))));
    }

    private static MethodInfo Method(string name) => typeof(Forms).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!;

    private static IEnumerable<(Type Writer, MethodBase Method)> Methods()
    {
        const BindingFlags all = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        return typeof(Relay).Assembly.GetTypes().Where(type => !Rows.Contains(type))
            .SelectMany(type => type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all)).Select(method => (Outermost(type), method)));
    }

    private static Type Outermost(Type type) => type.DeclaringType is Type outer ? Outermost(outer) : type;

    private static IEnumerable<string> Members(Type row) =>
        row.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).Where(field => !field.IsPrivate).Select(field => field.Name)
            .Concat(row.GetProperties().Where(property => property.CanWrite).Select(property => property.Name));

    private static IEnumerable<string> Written(MethodBase method)
    {
        ILStep[] steps = [.. ILReader.Of(method)];
        for (int at = 0; at < steps.Length; at++)
        {
            MemberInfo? member = steps[at].Member;
            if (member is null || !Rows.Contains(member.DeclaringType))
            {
                continue;
            }

            bool isWritten = steps[at].Operation.Value == OpCodes.Stfld.Value
                || (steps[at].Operation.Value == OpCodes.Ldflda.Value && !OwnTheirState.Contains(member.Name, StringComparer.Ordinal) && MayBeWritten((FieldInfo)member, method, steps, steps[at + 1].Operation));
            if (isWritten)
            {
                yield return member.Name;
            }
            else if (member is MethodInfo { IsSpecialName: true } setter && setter.Name.StartsWith("set_", StringComparison.Ordinal))
            {
                yield return setter.Name[4..];
            }
        }
    }

    /// <summary>Whether a method that takes a field's address may write by it: it adds to the field or clears it, or has a reference of the
    /// field's type as a variable, as a result or as an argument, and not only one that it may read. Readonly structs, and bytes that have no methods, are read by address all the time.</summary>
    private static bool MayBeWritten(FieldInfo field, MethodBase method, ILStep[] steps, OpCode next)
    {
        Type reference = field.FieldType.MakeByRefType();
        return (!field.FieldType.IsDefined(typeof(IsReadOnlyAttribute)) && !field.FieldType.IsDefined(typeof(InlineArrayAttribute)))
            || next.Value == OpCodes.Dup.Value || next.Value == OpCodes.Initobj.Value
            || method.GetMethodBody()!.LocalVariables.Any(variable => variable.LocalType == reference)
            || (method as MethodInfo)?.ReturnType == reference
            || steps.Any(step => step.Member is MethodBase called && called.GetParameters().Any(parameter => parameter.ParameterType == reference && !parameter.IsIn));
    }

    private static bool ReplacesRow(in ILStep step) =>
        step.Member is Type type && Rows.Contains(type)
        && (step.Operation.Value == OpCodes.Stobj.Value || step.Operation.Value == OpCodes.Initobj.Value || step.Operation.Value == OpCodes.Stelem.Value);

    private static class Forms
    {
        public static void Store(ref Mapping mapping) => mapping.Expires = default;

        public static void Set(ref Mapping mapping) => mapping.HasShown = true;

        public static void ByReference(ref Mapping mapping) => Fill(ref mapping.Port);

        public static Tick ByLocal(ref Mapping mapping)
        {
            ref Tick valid = ref mapping.LastValid;
            valid = default;
            return valid;
        }

        public static void Increment(ref Mapping mapping) => mapping.UplinkBytes++;

        public static bool Read(ref Mapping mapping) =>
            mapping.Source.Prefix == default && mapping.Expires == mapping.LastValid && mapping.Answers.IsUnanswered && mapping.HasShown;

        private static void Fill(ref ushort port) => port = 1;
    }
}
