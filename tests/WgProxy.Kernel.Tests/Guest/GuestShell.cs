using System.Globalization;
using System.Text;

namespace WgProxy.Kernel.Tests.Guest;

/// <summary>A shell of the guest at the other end of a port of its serial line. It runs one script at a time.</summary>
internal sealed class GuestShell : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly Socket _port;
    private readonly StringBuilder _heard = new();
    private readonly byte[] _buffer = new byte[16_384];
    private int _scripts;

    private GuestShell(Socket port) => _port = port;

    /// <summary>Whether a script has not come to its end: the shell is of no more use.</summary>
    public bool IsLost { get; private set; }

    public static async Task<GuestShell> ConnectAsync(string path)
    {
        Socket port = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await port.ConnectAsync(new UnixDomainSocketEndPoint(path));
            return new GuestShell(port);
        }
        catch
        {
            port.Dispose();
            throw;
        }
    }

    /// <summary>Runs a script that stops at the first command that fails; returns what it wrote.</summary>
    public async Task<string> RunAsync(string script, TimeSpan? deadline = null)
    {
        (int code, string output) = await TryAsync(script, deadline);
        return code == 0 ? output : throw new InvalidOperationException($"in the guest: exit code {code}:\n{script}\n{output}");
    }

    /// <summary>Runs a script that may fail; returns its exit code and what it wrote.</summary>
    public Task<(int Code, string Output)> TryAsync(string script, TimeSpan? deadline = null) =>
        SendAsync($"( set -e\n{script}\n) </dev/null 2>&1", deadline ?? Patience);

    /// <summary>Makes this shell one inside a network namespace, until <see cref="LeaveAsync"/>.</summary>
    public async Task EnterAsync(string space)
    {
        await _port.SendAsync(Encoding.ASCII.GetBytes($"ip netns exec {space} bash --noprofile --norc\n"));
        await SendAsync("true", Patience);
    }

    /// <summary>Back to where it was before <see cref="EnterAsync"/>.</summary>
    public async Task LeaveAsync()
    {
        await _port.SendAsync("exit\n"u8.ToArray());
        await SendAsync("true", Patience);
    }

    public void Dispose() => _port.Dispose();

    // The end of each script is a line of its own number, which nothing else writes.
    private async Task<(int Code, string Output)> SendAsync(string script, TimeSpan deadline)
    {
        string mark = $"--- end of {Environment.ProcessId}-{++_scripts} ";
        await _port.SendAsync(Encoding.UTF8.GetBytes($"{script}\nprintf '\\n%s%d\\n' '{mark}' $?\n"));
        using CancellationTokenSource patience = new(deadline);
        while (true)
        {
            string heard = _heard.ToString();
            int at = heard.IndexOf($"\n{mark}", StringComparison.Ordinal);
            int end = at < 0 ? -1 : heard.IndexOf('\n', at + 1);
            if (end >= 0)
            {
                _heard.Remove(0, end + 1);
                return (int.Parse(heard.AsSpan(at + 1 + mark.Length, end - at - 1 - mark.Length), CultureInfo.InvariantCulture), heard[..at]);
            }

            try
            {
                int length = await _port.ReceiveAsync(_buffer, patience.Token);
                if (length == 0)
                {
                    throw new InvalidOperationException($"the guest is gone; it ran:\n{script}\n{heard}");
                }

                _heard.Append(Encoding.UTF8.GetString(_buffer, 0, length));
            }
            catch (OperationCanceledException late)
            {
                IsLost = true;
                throw new TimeoutException($"the guest did not end within {deadline.TotalSeconds:0} s:\n{script}\n{heard}", late);
            }
        }
    }
}
