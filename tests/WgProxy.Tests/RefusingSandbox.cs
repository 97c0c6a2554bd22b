using System.Diagnostics;
using WgProxy.Linux.Native;

namespace WgProxy.Tests;

/// <summary>A sandbox (seccomp) in which a system call fails with an error of the test's choice, for a program and all its
/// threads: a small program in C, compiled with the tests, that installs the filter and becomes the program.</summary>
internal static class RefusingSandbox
{
    private const string Program = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        /* refuse ERRNO CALL[@ARGUMENT=VALUE]... -- PROGRAM...: the call fails with the error, in the program and its threads. */
        struct call { const char *name; int number; };
        static const struct call calls[] = {
        #define CALL(name) { #name, SYS_##name },
            CALL(socket) CALL(bind) CALL(connect) CALL(setsockopt) CALL(getsockopt) CALL(getsockname) CALL(recvmmsg)
            CALL(sendmmsg) CALL(sendmsg) CALL(recvmsg) CALL(recvfrom) CALL(sendto) CALL(epoll_create1) CALL(epoll_ctl) CALL(epoll_pwait)
        #ifdef SYS_epoll_wait
            CALL(epoll_wait)
        #endif
            CALL(eventfd2) CALL(timerfd_create) CALL(timerfd_settime) CALL(io_uring_setup) CALL(io_uring_enter) CALL(mmap)
            CALL(getrandom) CALL(statx) CALL(prlimit64) CALL(uname)
        #ifdef SYS_poll
            CALL(poll)
        #endif
            CALL(ppoll)
        };

        static struct sock_filter filter[64];
        static unsigned short length;

        static void add(unsigned short code, unsigned char jt, unsigned char jf, unsigned k)
        {
            filter[length++] = (struct sock_filter){ code, jt, jf, k };
        }

        static int number_of(const char *name, size_t size)
        {
            for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
                if (strlen(calls[i].name) == size && !strncmp(calls[i].name, name, size))
                    return calls[i].number;
            return -1;
        }

        int main(int argc, char **argv)
        {
            int at = 2, error = argc > 1 ? atoi(argv[1]) : 0;
            for (; at < argc && strcmp(argv[at], "--"); at++) {
                char *text = argv[at];
                size_t size = strcspn(text, "@");
                int number = number_of(text, size);
                if (number < 0)
                    continue; /* a call that this processor does not have */
                int conditions = 0;
                for (char *c = text; *c; c++)
                    conditions += *c == '@';
                int left = 2 * conditions + 1;
                add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
                add(BPF_JMP | BPF_JEQ | BPF_K, 0, left, number);
                for (char *c = text + size; *c; c += strcspn(c + 1, "@") + 1) {
                    int argument;
                    unsigned value;
                    if (sscanf(c, "@%d=%u", &argument, &value) != 2)
                        return 98;
                    left -= 2;
                    add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args) + 8 * argument);
                    add(BPF_JMP | BPF_JEQ | BPF_K, 0, left, value);
                }
                add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error);
            }
            add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
            /* No memory that is written to becomes executable, as with systemd's MemoryDenyWriteExecute; kept across exec. */
            if (at > 2 && !strcmp(argv[2], "mdwe") && prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0))
                return 96;
            struct sock_fprog program = { length, filter };
            if (at + 1 >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
                perror("refuse");
                return 99;
            }
            execvp(argv[at + 1], argv + at + 1);
            perror(argv[at + 1]);
            return 97;
        }
        """;

    private static readonly Lazy<string?> File = new(Compile);

    /// <summary>Why there is none on this machine; empty if there is one.</summary>
    public static string Missing => File.Value is null ? "no gcc on this machine, or no seccomp: no sandbox was made (./test installs it)" : string.Empty;

    /// <summary>What to put before a program, so that it cannot make memory executable that it has written to.</summary>
    public static string[] DenyingWriteExecute => [File.Value!, "0", "mdwe", "--"];

    /// <summary>What to put before a program, so that it runs in the sandbox.</summary>
    /// <param name="error">The error's number.</param>
    /// <param name="calls">Calls with spaces between, each with conditions such as <c>setsockopt@1=1@2=15</c>.</param>
    public static string[] Before(int error, string calls) => [File.Value!, $"{error}", .. calls.Split(' '), "--"];

    private static string? Compile()
    {
        string source = Path.Combine(Path.GetTempPath(), $"wgproxy-refuse-{Environment.ProcessId}.c");
        string file = Path.ChangeExtension(source, null);
        try
        {
            System.IO.File.WriteAllText(source, Program);
            using Process gcc = Process.Start("gcc", ["-O1", "-o", file, source]);
            gcc.WaitForExit();
            AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.File.Delete(file);
            using Process trial = Process.Start(file, ["1", "recvmmsg", "--", "/bin/true"]);
            trial.WaitForExit();
            return trial.ExitCode == 0 ? file : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        finally
        {
            System.IO.File.Delete(source);
        }
    }
}
