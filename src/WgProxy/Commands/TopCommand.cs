using System.Text;
using WgProxy.Hosting;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary><c>wgproxy top</c>: the relay and its busiest sessions, written anew each second in the same place. Each frame is one write
/// over the one before, so that nothing flickers.</summary>
/// <param name="relay">The relay.</param>
/// <param name="time">The clock.</param>
internal sealed class TopCommand(RelaySocket relay, TimeProvider time)
{
    // xterm: another screen without scroll-back, and no cursor; then both as they were.
    private const string Enter = "\x1b[?1049h\x1b[?25l";
    private const string Leave = "\x1b[?25h\x1b[?1049l";
    private const string Home = "\x1b[H";
    private const string EraseLine = "\x1b[K";
    private const string EraseBelow = "\x1b[J";

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Shows until cancelled; returns the exit code.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="size">The terminal's columns and lines; null if standard output is none.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<int> RunAsync(TextWriter output, TextWriter error, Func<(int Width, int Height)>? size, CancellationToken stop)
    {
        if (size is null)
        {
            await error.WriteAsync("wgproxy top: standard output is no terminal; wgproxy show writes into files and pipes\n");
            return ExitCode.WrongSettings;
        }

        try
        {
            TopMoment before = await ReadAsync(stop);
            await output.WriteAsync(Enter);
            try
            {
                TopMoment now = before;
                while (true)
                {
                    (int width, int height) = size();
                    await output.WriteAsync(Frame(TopFrame.Of(before, now, width, height)));
                    await output.FlushAsync(CancellationToken.None);
                    await Task.Delay(Period, time, stop);
                    (before, now) = (now, await ReadAsync(stop));
                }
            }
            finally
            {
                await output.WriteAsync(Leave);
                await output.FlushAsync(CancellationToken.None);
            }
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Done;
        }
        catch (RelaySocketException refusal)
        {
            await error.WriteAsync($"wgproxy top: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.SystemRefused;
        }
    }

    private static string Frame(IReadOnlyList<string> lines)
    {
        StringBuilder frame = new(Home);
        foreach (string line in lines)
        {
            _ = frame.Append(line).Append(EraseLine).Append("\r\n");
        }

        return frame.Append(EraseBelow).ToString();
    }

    private async Task<TopMoment> ReadAsync(CancellationToken stop) => new(
        await relay.ReadAsync("/v1/status", StatusJson.Default.StatusReport, stop),
        await relay.ReadAsync("/v1/sessions?sort=traffic&limit=200", StatusJson.Default.SessionsReport, stop));
}
