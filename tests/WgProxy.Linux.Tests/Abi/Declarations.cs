using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Tests.Abi;

/// <summary>Everything declared for the kernel's sake, as this runtime lays it out, found by reflection.</summary>
internal static class Declarations
{
    private static readonly bool PacksEvents = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Structs that are not held against C, and why.</summary>
    public static IReadOnlyDictionary<string, string> Excused { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [nameof(sin_zero)] = "an array in C, judged as the member of sockaddr_in that it is",
        [PacksEvents ? nameof(epoll_event) : nameof(epoll_event_packed)] = "the form of other processors",
    };

    /// <summary>Every struct.</summary>
    public static IReadOnlyList<Type> Structs { get; } =
    [
        .. typeof(Constants).Assembly.GetTypes().Where(type =>
            type is { IsValueType: true, IsEnum: false, IsNested: false }
            && string.Equals(type.Namespace, typeof(Constants).Namespace, StringComparison.Ordinal)),
    ];

    /// <summary>Every number.</summary>
    public static IReadOnlyList<FieldInfo> Numbers { get; } =
        [.. typeof(Constants).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral)];

    /// <summary>The struct's name in C.</summary>
    public static string NameOf(Type type) => type == typeof(epoll_event_packed) ? nameof(epoll_event) : type.Name;

    /// <summary>The members that C knows by name.</summary>
    public static IReadOnlyList<FieldInfo> MembersOf(Type type) =>
        type.GetCustomAttribute<InlineArrayAttribute>() is null
            ? type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            : [];

    /// <summary>The struct's or member's size.</summary>
    public static long SizeOf(Type type) => Run(il => il.Emit(OpCodes.Sizeof, type));

    /// <summary>Where the member begins.</summary>
    public static long OffsetOf(FieldInfo member) => Run(il =>
    {
        il.DeclareLocal(member.DeclaringType!);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Ldflda, member);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca_S, (byte)0);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
    });

    private static long Run(Action<ILGenerator> emit)
    {
        DynamicMethod method = new("measure", typeof(long), [], typeof(Constants).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        emit(il);
        il.Emit(OpCodes.Conv_U8);
        il.Emit(OpCodes.Ret);
        return (long)method.Invoke(null, null)!;
    }
}
