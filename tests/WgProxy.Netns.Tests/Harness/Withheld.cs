using System.ComponentModel;
using System.Diagnostics;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A program that starts another without netlink, as a hardened service manager does (RestrictAddressFamilies=): the
/// kernel refuses every such socket. Compiled from C when it is first asked for.</summary>
internal static class Withheld
{
    private const string Source = """
        #include <errno.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <unistd.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <sys/prctl.h>
        #include <sys/socket.h>
        #include <sys/syscall.h>

        int main(int count, char **arguments)
        {
            struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
            if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
                perror("seccomp");
                return 1;
            }
            execvp(arguments[1], arguments + 1);
            perror(arguments[1]);
            return 1;
        }
        """;

    private static readonly Lazy<string?> Compiled = new(Compile);

    /// <summary>The program; null if there is no compiler.</summary>
    public static string? Netlink => Compiled.Value;

    private static string? Compile()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "without-netlink");
        string source = $"{program}.{Environment.ProcessId}.c";
        try
        {
            File.WriteAllText(source, Source);
            using Process gcc = Process.Start("gcc", ["-O1", "-o", $"{source}.out", source]);
            gcc.WaitForExit();
            File.Move($"{source}.out", program, overwrite: true);
            return program;
        }
        catch (Exception refusal) when (refusal is Win32Exception or IOException)
        {
            return null;
        }
        finally
        {
            File.Delete(source);
        }
    }
}
