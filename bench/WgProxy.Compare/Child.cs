using System.Diagnostics;

namespace WgProxy.Compare;

/// <summary>A process in a namespace that lives as long as this object.</summary>
internal sealed class Child : IDisposable
{
    private const int MostOpenFiles = 65_536;

    // The limit is raised where that is allowed; storms need 10,000 sockets on each side. The control group is entered
    // first: `ip netns exec` mounts a /sys of its own, without it. Each program replaces the one before, so the id stays.
    private const string Script =
        "ulimit -n $1 2>/dev/null || ulimit -n $(ulimit -Hn); [ -z \"$2\" ] || echo $$ > \"$2\" || exit 1; "
        + "shift 2; exec ip netns exec \"$@\"";

    private readonly string _name;
    private readonly Process _process;
    private readonly List<string> _complaints = [];

    /// <summary>Starts a program in a namespace.</summary>
    /// <param name="space">The namespace.</param>
    /// <param name="words">Program and arguments.</param>
    /// <param name="variables">Its environment beyond ours.</param>
    /// <param name="memoryGroup">The file that takes its pid for the account of its memory; null for none.</param>
    public Child(
        string space, string[] words, IReadOnlyDictionary<string, string>? variables = null, string? memoryGroup = null)
    {
        _name = Path.GetFileName(words[0]);
        ProcessStartInfo info = new("sh", ["-c", Script, "sh", $"{MostOpenFiles}", memoryGroup ?? "", space, .. words])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            info.Environment[name] = value;
        }

        _process = Process.Start(info)!;
        _process.ErrorDataReceived += (_, line) => Complain(line.Data);
        _process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The end of what it printed on standard error.</summary>
    public string Complaints
    {
        get
        {
            lock (_complaints)
            {
                return string.Join(" | ", _complaints.TakeLast(5));
            }
        }
    }

    /// <summary>How many lines those were so far.</summary>
    public int Complained
    {
        get
        {
            lock (_complaints)
            {
                return _complaints.Count;
            }
        }
    }

    /// <summary>The first line on standard error, after so many others, that holds a word.</summary>
    /// <exception cref="TimeoutException">There was none for that long.</exception>
    public string HearComplaint(int after, string word, TimeSpan limit)
    {
        DateTime end = DateTime.UtcNow + limit;
        lock (_complaints)
        {
            while (true)
            {
                if (_complaints.Skip(after).FirstOrDefault(line => line.Contains(word, StringComparison.Ordinal)) is { } line)
                {
                    return line;
                }

                TimeSpan left = end - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_complaints, left))
                {
                    throw new TimeoutException($"nothing with{word}from {_name}");
                }
            }
        }
    }

    /// <summary>Says a line to it.</summary>
    public void Say(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Its next line.</summary>
    /// <exception cref="TimeoutException">It said nothing for that long, or ended.</exception>
    public string Hear(TimeSpan limit)
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        return line.Wait(limit) && line.Result is { } text
            ? text
            : throw new TimeoutException($"no answer from {_name}: {Complaints}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private void Complain(string? line)
    {
        lock (_complaints)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                _complaints.Add(line);
                Monitor.PulseAll(_complaints);
            }
        }
    }
}
