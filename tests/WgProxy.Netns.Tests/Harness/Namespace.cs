using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// A network namespace of its own name, gone with its interfaces on dispose. Sockets made inside stay inside, whichever
/// thread uses them later, so the test process itself can be a client, an echo server or an attacker.
/// </summary>
internal sealed class Namespace : IDisposable
{
    private const string Folder = "/var/run/netns";
    private const string Prefix = "wgp";
    private static int _made;
    private bool _disposed;

    static Namespace() => Sweep();

    public Namespace()
    {
        Name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";
        Command.Run("ip", "netns", "add", Name);
        Ip("link", "set", "lo", "up");
        // Duplicate address detection holds a new IPv6 address back for a second.
        WriteSysctl("net/ipv6/conf/all/accept_dad", "0");
        WriteSysctl("net/ipv6/conf/default/accept_dad", "0");
    }

    public string Name { get; }

    /// <summary>The file that stands for it.</summary>
    public string File => $"{Folder}/{Name}";

    public void Ip(params IEnumerable<string> arguments) => Command.Run("ip", ["-n", Name, .. arguments]);

    public void Tc(params IEnumerable<string> arguments) => Command.Run("tc", ["-n", Name, .. arguments]);

    /// <summary>Loads rules of <c>nft</c>, all or none.</summary>
    public void Nft(string rules) => Command.RunWithInput(rules, "ip", "netns", "exec", Name, "nft", "-f", "-");

    public void WriteSysctl(string name, string value) => Run(() => System.IO.File.WriteAllText($"/proc/sys/{name}", value));

    /// <summary>Starts a program inside. <c>ip netns exec</c> replaces itself by the program, so the process id is the
    /// program's own.</summary>
    public Child Start(string name, string file, IEnumerable<string> arguments, params (string Name, string Value)[] variables) =>
        new(name, "ip", ["netns", "exec", Name, file, .. arguments], variables);

    /// <summary>Runs a delegate inside, on a thread that ends with it.</summary>
    public T Run<T>(Func<T> inside)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                Libc.EnterNamespace($"{Folder}/{Name}");
                result = inside();
            }
#pragma warning disable CA1031 // Every exception crosses to the thread that asked.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <inheritdoc cref="Run{T}(Func{T})"/>
    public void Run(Action inside) => Run(() =>
    {
        inside();
        return true;
    });

    /// <summary>A UDP socket inside, bound to this address; port 0 draws one.</summary>
    public Socket Udp(IPAddress address, int port = 0) => Run(() =>
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 << 20,
            SendBufferSize = 4 << 20,
        };
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    });

    /// <summary>A UDP socket inside that sends under an address that is not this namespace's.</summary>
    public Socket UdpAs(IPAddress address, int port) => Run(() =>
    {
        const int level = 0; // SOL_IP
        const int option = 19; // IP_TRANSPARENT
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.SetRawSocketOption(level, option, [1, 0, 0, 0]);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    });

    /// <summary>A counter of <c>/proc/net/snmp6</c>, such as <c>Icmp6OutDestUnreachs</c>, or of <c>/proc/net/snmp</c>,
    /// such as <c>IcmpOutDestUnreachs</c>.</summary>
    public long Snmp(string name) => Run(() =>
    {
        foreach (string line in System.IO.File.ReadLines("/proc/thread-self/net/snmp6"))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (string.Equals(words[0], name, StringComparison.Ordinal))
            {
                return long.Parse(words[1], CultureInfo.InvariantCulture);
            }
        }

        string[] lines = System.IO.File.ReadAllLines("/proc/thread-self/net/snmp");
        for (int i = 0; i + 1 < lines.Length; i += 2)
        {
            string[] names = lines[i].Split(' ');
            int column = Array.FindIndex(names, 1, word => string.Equals(names[0].TrimEnd(':') + word, name, StringComparison.Ordinal));
            if (column > 0)
            {
                return long.Parse(lines[i + 1].Split(' ')[column], CultureInfo.InvariantCulture);
            }
        }

        throw new ArgumentException($"no counter {name}", nameof(name));
    });

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Command.Run("ip", "netns", "del", Name);
        }
    }

    // A test process that was killed leaves namespaces behind, and their programs. Their names tell whose they were.
    private static void Sweep()
    {
        WireGuardInterface.Sweep();
        foreach (string name in Directory.Exists(Folder) ? Directory.GetFiles(Folder).Select(file => Path.GetFileName(file)) : [])
        {
            string[] parts = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..].Split('-') : [];
            if (parts.Length != 2 || !int.TryParse(parts[0], out int owner) || Directory.Exists($"/proc/{owner}"))
            {
                continue;
            }

            try
            {
                End(name);
            }
            catch (InvalidOperationException)
            {
                // Another test process was faster.
            }
        }
    }

    private static void End(string name)
    {
        foreach (string pid in Command.Run("ip", "netns", "pids", name).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Libc.Signal(int.Parse(pid, CultureInfo.InvariantCulture), Libc.SIGKILL);
        }

        Command.Run("ip", "netns", "del", name);
    }
}
