using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using WgProxy.Tests.Guides;

namespace WgProxy.Tests;

/// <summary>What ./run and ./run demo do on a machine that has the SDK and nothing else: a copy of the scripts, and a path
/// of links to what every system has, beside programs that note down how they were called.</summary>
[SupportedOSPlatform("linux")]
public sealed class FirstCommandsTests : IDisposable
{
    private const string Nobody = "65534";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Of coreutils, findutils, grep and sed, and bash itself.
    private static readonly string[] Everywhere =
    [
        "bash", "basename", "cat", "chmod", "chown", "cut", "date", "dirname", "env", "find", "grep", "head", "id", "mkdir", "mktemp", "mv",
        "nproc", "paste", "rm", "sed", "sleep", "sort", "tail", "tee", "touch", "tr", "uname",
    ];

    private static readonly string[] Copied = ["run", "global.json", "Directory.Build.props", "Directory.Build.targets"];
    private static readonly string[] Installed = ["apt-get ", " install ", " wireguard-tools", " wireguard-go", " iperf3", " iputils-ping"];

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-first-").FullName;

    public FirstCommandsTests()
    {
        _ = Directory.CreateDirectory(Path.Combine(_folder, "bin"));
        foreach (string file in Copied.Concat(Repository.Files("tools", "*.sh").Concat(Repository.Files("src/WgProxy/Properties", "*.pubxml"))
            .Select(file => Path.GetRelativePath(Repository.Root, file))))
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, "checkout", file))!);
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(_folder, "checkout", file));
        }

        foreach (string command in Everywhere)
        {
            _ = File.CreateSymbolicLink(Path.Combine(_folder, "bin", command), Found(command));
        }

        // A build leaves a program that says how it was called.
        Stub("dotnet", """
            while [[ $1 != --output ]]; do shift; done
            mkdir -p "$2"
            printf '#!/bin/sh\necho "relay: $*"\n' >"$2/wgproxy"
            chmod +x "$2/wgproxy"
            """);
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task As_root_the_demo_installs_what_it_lacks_builds_and_begins()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/dev/net/tun"), "needs root and /dev/net/tun");

        // Installing makes the commands appear, and the first that the demo calls says that it was called.
        Stub("apt-get", $"""
            [[ " $* " == *" install "* ]] || exit 0
            for each; do
                case $each in
                    wireguard-tools) each=wg ;;
                    iputils-ping) each=ping ;;
                    binutils) each=objcopy ;;
                    wireguard-go | iperf3 | gcc) ;;
                    *) continue ;;
                esac
                printf '#!{Found("bash")}\nexit 9\n' >"{_folder}/bin/$each"
                chmod +x "{_folder}/bin/$each"
            done
            """);
        Stub("ip", "exit 9");
        (_, string said) = await RunAsync("demo");
        string[] calls = Calls();
        string installed = Assert.Single(calls, call => call.Contains("wireguard-go", StringComparison.Ordinal));
        Assert.All(Installed, word => Assert.Contains(word, installed, StringComparison.Ordinal));
        Assert.Contains(calls, call => call.Contains(" install ", StringComparison.Ordinal) && call.Contains(" gcc", StringComparison.Ordinal));
        Assert.Contains("demo: installing for the demo: ", said, StringComparison.Ordinal);
        Assert.Contains("demo: building the relay, native form", said, StringComparison.Ordinal);

        int build = Array.FindIndex(calls, call => call.StartsWith("dotnet publish ", StringComparison.Ordinal));
        int begin = Array.FindIndex(calls, call => call.StartsWith("ip netns add ", StringComparison.Ordinal));
        Assert.True(Array.IndexOf(calls, installed) < build && build < begin, string.Join('\n', calls) + said);
        Assert.Contains("PublishProfile=linux-", calls[build], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_installed_ends_the_demo_before_it_builds()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/dev/net/tun"), "needs root and /dev/net/tun");
        Stub("apt-get", "echo 'E: Unable to locate package'; exit 100");
        (int code, string said) = await RunAsync("demo");
        Assert.Equal(3, code);
        Assert.Contains("E: Unable to locate package", said, StringComparison.Ordinal);
        Assert.Matches("demo: could not install: .*wireguard-go", said);
        Assert.DoesNotContain(Calls(), call => call.StartsWith("dotnet", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, "sudo env PATH=\"$PATH\" ./run demo")]
    [InlineData(false, "su -c './run demo'")]
    public async Task Without_root_the_demo_says_what_to_type_and_neither_builds_nor_installs(bool sudo, string line)
    {
        Stub("apt-get", "");
        if (sudo)
        {
            Stub("sudo", "");
        }

        (int code, string said) = await RunAsync(asNobody: true, "demo");
        Assert.Equal((3, $"demo: makes network namespaces, for which it needs root. Type: {line}\n"), (code, said));
        Assert.Empty(Calls());
    }

    [Fact]
    public async Task Without_root_and_a_compiler_it_says_what_to_type_and_takes_the_other_form()
    {
        Stub("apt-get", "");
        (int code, string said) = await RunAsync(asNobody: true, "--version");
        Assert.Equal(0, code);
        Assert.Matches(
            "run: the native form needs more than is installed here. Type: su -c 'apt-get install --no-install-recommends binutils gcc( libc6-dev)?'\n"
            + "run: no native form: a C compiler is missing\n",
            said);
        Assert.EndsWith("run: building the relay, framework form\nrelay: --version\n", said, StringComparison.Ordinal);
        Assert.DoesNotContain("PublishProfile", Assert.Single(Calls()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_compiler_it_builds_the_native_form_once()
    {
        Stub("clang", "");
        Stub("objcopy", "");
        Assert.SkipUnless(File.Exists("/usr/include/stdio.h"), "needs the C headers (libc6-dev)");
        (int code, string said) = await RunAsync("--version");
        Assert.Equal((0, "run: building the relay, native form\nrelay: --version\n"), (code, said));
        Assert.Contains("PublishProfile=linux-", Assert.Single(Calls()), StringComparison.Ordinal);

        Assert.Equal((0, "relay: --help\n"), await RunAsync("--help"));
        Assert.Single(Calls());
    }

    [Fact]
    public async Task A_compiler_package_that_cannot_be_had_means_the_other_form_and_says_so()
    {
        Stub("clang", "");
        Stub("objcopy", "");
        Assert.SkipUnless(File.Exists("/usr/include/stdio.h"), "needs the C headers (libc6-dev)");
        string dotnet = Path.Combine(_folder, "bin", "dotnet");
        File.WriteAllText(dotnet, File.ReadAllText(dotnet).Replace(
            "while [[", "[[ $* != *PublishProfile* ]] || { echo 'x.csproj : error NU1101: Unable to find package Y.'; exit 1; }\nwhile [[", StringComparison.Ordinal));
        (int code, string said) = await RunAsync("--version");
        Assert.Equal(0, code);
        Assert.Contains("run: no native form: its compiler could not be downloaded (NU1101: Unable to find package Y.)\n", said, StringComparison.Ordinal);
        Assert.EndsWith("run: building the relay, framework form\nrelay: --version\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_readme_says_starts_a_relay_that_has_what_it_exports()
    {
        Stub("dotnet", """
            while [[ $1 != --output ]]; do shift; done
            mkdir -p "$2"
            printf '#!/bin/sh\necho "$WGPROXY_SERVER $WGPROXY_PUBKEY"\n' >"$2/wgproxy"
            chmod +x "$2/wgproxy"
            """);
        string script = DocumentCommands.Of("README.md", nameof(FirstCommandsTests)).Single().Script();
        ProcessStartInfo start = new(Found("bash"), ["-euc", script]) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Path.Combine(_folder, "checkout") };
        start.Environment.Clear();
        start.Environment["PATH"] = Path.Combine(_folder, "bin");
        start.Environment["WGPROXY_FORM"] = "framework";
        using Process process = Process.Start(start)!;
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("home.example.com:51820 <the public key that wg show prints on the server>\n", said);
    }

    [Fact]
    public void Scripts_pass_shellcheck()
    {
        string? shellcheck = Find("shellcheck");
        Assert.SkipWhen(shellcheck is null, "needs shellcheck");
        string[] scripts = [.. Repository.Tracked().Where(IsShell)];
        Assert.Contains(Path.Combine(Repository.Root, "test"), scripts);
        ProcessStartInfo start = new(shellcheck, ["--external-sources", .. scripts]) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Repository.Root };
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }

    private static bool IsShell(string file)
    {
        if (file.EndsWith(".sh", StringComparison.Ordinal))
        {
            return true;
        }

        using StreamReader reader = new(file, Encoding.Latin1);
        char[] start = new char[32];
        string head = new(start, 0, reader.ReadBlock(start));
        return head.StartsWith("#!", StringComparison.Ordinal) && head.Split('\n')[0].TrimEnd().EndsWith("sh", StringComparison.Ordinal);
    }

    private static string? Find(string command) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);

    private static string Found(string command) => Find(command) ?? throw new FileNotFoundException($"no {command} in PATH");

    // A program that notes down how it was called, then does this.
    private void Stub(string command, string body)
    {
        string path = Path.Combine(_folder, "bin", command);
        File.WriteAllText(path, $"#!{Found("bash")}\necho \"{command} $*\" >>\"{_folder}/calls\"\n{body}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private string[] Calls() =>
        File.Exists(Path.Combine(_folder, "calls")) ? File.ReadAllLines(Path.Combine(_folder, "calls")) : [];

    private Task<(int Code, string Said)> RunAsync(params string[] arguments) => RunAsync(asNobody: false, arguments);

    private async Task<(int Code, string Said)> RunAsync(bool asNobody, params string[] arguments)
    {
        string run = Path.Combine(_folder, "checkout", "run");
        string[] command = [Found("bash"), run, .. arguments];
        if (asNobody && Environment.IsPrivilegedProcess)
        {
            // All that was made here so far becomes his.
            using (Process chown = Process.Start(Found("chown"), ["-R", $"{Nobody}:{Nobody}", _folder]))
            {
                await chown.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            command = [Found("setpriv"), "--reuid", Nobody, "--regid", Nobody, "--clear-groups", .. command];
        }

        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Path.Combine(_folder, "bin");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return (process.ExitCode, errors + await output);
    }
}
