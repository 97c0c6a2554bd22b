using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Tests.Abi;

/// <summary>Holds every struct and number that the kernel reads against the C headers, and has a C compiler judge.</summary>
public sealed class AbiTests
{
    private const string Headers = """
        #define _GNU_SOURCE
        #include <stddef.h>
        #include <errno.h>
        #include <time.h>
        #include <sys/socket.h>
        #include <sys/uio.h>
        #include <sys/epoll.h>
        #include <sys/eventfd.h>
        #include <sys/timerfd.h>
        #include <sys/mman.h>
        #include <sys/resource.h>
        #include <sys/stat.h>
        #include <sys/timex.h>
        #include <sys/utsname.h>
        #include <fcntl.h>
        #include <sys/syscall.h>
        #include <linux/io_uring.h>
        #include <linux/sock_diag.h>
        #include <netinet/in.h>
        #include <netinet/udp.h>
        #include <linux/filter.h>
        #include <linux/netlink.h>
        #include <linux/rtnetlink.h>
        #include <linux/netfilter.h>
        #include <linux/netfilter/nfnetlink.h>
        #include <linux/netfilter/nf_tables.h>
        #include <linux/netfilter/nf_tables_compat.h>
        #ifndef UDP_GRO
        #include <linux/udp.h>
        #endif

        """;

    [Fact]
    public void A_C_compiler_agrees_with_every_declaration()
    {
        string? refusal = Compile(Headers + Assertions());
        Assert.SkipWhen(refusal is null, "no gcc on this machine: the declarations were not checked (./test installs it)");
        Assert.Equal(string.Empty, refusal);
    }

    [Theory]
    [InlineData("_Static_assert(sizeof(struct msghdr) == 1, \"\");")]
    [InlineData("_Static_assert(EINTR == 5, \"\");")]
    public void A_C_compiler_refuses_what_is_wrong(string assertion)
    {
        string? refusal = Compile(Headers + assertion);
        Assert.SkipWhen(refusal is null, "no gcc on this machine");
        Assert.Contains("static assertion failed", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_declaration_is_judged_or_excused()
    {
        string assertions = Assertions();
        Assert.All(
            Declarations.Structs.Where(type => !Declarations.Excused.ContainsKey(type.Name)),
            type => Assert.Contains(
                $"\"size of struct {Declarations.NameOf(type)}\"", assertions, StringComparison.Ordinal));
        Assert.All(Declarations.Numbers, number =>
            Assert.Contains($"\"{number.Name}\"", assertions, StringComparison.Ordinal));
        Assert.All(Declarations.Excused.Keys, name =>
            Assert.Contains(name, Declarations.Structs.Select(type => type.Name)));
        Assert.InRange(Declarations.Structs.Count, 10, 1000);
        Assert.InRange(Declarations.Numbers.Count, 50, 1000);
    }

    private static string Assertions()
    {
        StringBuilder text = new();
        foreach (Type type in Declarations.Structs.Where(type => !Declarations.Excused.ContainsKey(type.Name)))
        {
            string name = $"struct {Declarations.NameOf(type)}";
            Assert(text, $"sizeof({name})", Declarations.SizeOf(type), $"size of {name}");
            foreach (FieldInfo member in Declarations.MembersOf(type))
            {
                string whole = $"(({name} *)0)->{member.Name}";
                Assert(text, $"sizeof({whole})", Declarations.SizeOf(member.FieldType), $"size of {name} {member.Name}");
                Assert(text, $"offsetof({name}, {member.Name})", Declarations.OffsetOf(member), $"offset of {name} {member.Name}");
            }
        }

        foreach (FieldInfo number in Declarations.Numbers)
        {
            Assert(text, number.Name, Convert.ToInt64(number.GetRawConstantValue(), CultureInfo.InvariantCulture), number.Name);
        }

        return text.ToString();

        static void Assert(StringBuilder text, string expression, long value, string name) =>
            text.Append($"_Static_assert((long long)({expression}) == {value}LL, \"{name}\");\n");
    }

    /// <summary>What the compiler says; null if there is none.</summary>
    private static string? Compile(string program)
    {
        ProcessStartInfo start = new("gcc", ["-fsyntax-only", "-w", "-x", "c", "-"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        try
        {
            using Process gcc = Process.Start(start)!;
            Task<string> said = gcc.StandardError.ReadToEndAsync();
            gcc.StandardInput.Write(program);
            gcc.StandardInput.Close();
            gcc.WaitForExit();
            return said.GetAwaiter().GetResult();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
