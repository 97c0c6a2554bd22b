using System.Globalization;
using WgProxy.Hosting;
using WgProxy.Showing;

namespace WgProxy.Commands;

/// <summary>What all commands that give an order do alike.</summary>
internal static class Order
{
    /// <summary>Gives one; returns the exit code.</summary>
    /// <param name="name">The command, for refusals.</param>
    /// <param name="give">Gives it.</param>
    /// <param name="tell">Says in lines what came of it.</param>
    /// <param name="asJson">Whether the report itself is wanted.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Where refusals go.</param>
    public static async Task<int> RunAsync(
        string name, Func<Task<OrderAnswer>> give, Func<string, IEnumerable<string>> tell, bool asJson, TextWriter output, TextWriter error)
    {
        try
        {
            OrderAnswer answer = await give();
            if (asJson)
            {
                await output.WriteAsync($"{answer.Text}\n");
            }
            else
            {
                foreach (string line in tell(answer.Text))
                {
                    await (answer.IsDone ? output : error).WriteAsync($"{Terminal.Plain(line)}\n");
                }
            }

            return answer.IsDone ? ExitCode.Done : ExitCode.WrongSettings;
        }
        catch (RelaySocketException refusal)
        {
            await error.WriteAsync($"wgproxy {name}: {Terminal.Plain(refusal.Message)}\n");
            return ExitCode.SystemRefused;
        }
    }

    /// <summary>Refuses what was typed; returns the exit code.</summary>
    public static async Task<int> RefuseAsync(string name, string reason, TextWriter error)
    {
        await error.WriteAsync($"wgproxy {name}: {Terminal.Plain(reason)}\n");
        return ExitCode.WrongSettings;
    }

    /// <summary>A number of mappings that have ended.</summary>
    public static string Ended(int mappings) => mappings == 1
        ? "1 mapping has ended" : string.Create(CultureInfo.InvariantCulture, $"{mappings} mappings have ended");
}
