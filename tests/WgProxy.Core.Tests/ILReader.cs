using System.Reflection;
using System.Reflection.Emit;

namespace WgProxy.Core.Tests;

/// <summary>Reads compiled code: what a method does, and to which members.</summary>
internal static class ILReader
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(operation => operation.Value);

    /// <summary>The operations of a method, in order; none if it has no body.</summary>
    public static IEnumerable<ILStep> Of(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not byte[] code)
        {
            yield break;
        }

        Type[] ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : [];
        Type[] ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            OpCode operation = OpCodesByValue[code[at] == 0xfe ? (short)(0xfe00 | code[at + 1]) : code[at]];
            at += operation.Size;
            bool hasMember = operation.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType;
            yield return new ILStep(operation, hasMember ? method.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod) : null);
            at += OperandSize(operation, code, at);
        }
    }

    private static int OperandSize(OpCode operation, byte[] code, int at) => operation.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
        _ => 4,
    };
}

/// <summary>One operation.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="Member">The type, field or method that it names; null if none.</param>
internal readonly record struct ILStep(OpCode Operation, MemberInfo? Member);
