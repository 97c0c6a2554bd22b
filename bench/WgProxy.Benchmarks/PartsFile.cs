using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using BenchmarkDotNet.Reports;
using WgProxy.Bench;

namespace WgProxy.Benchmarks;

/// <summary>What the benchmarks showed, as a dated result like those of the comparison.</summary>
internal static class PartsFile
{
    /// <summary>Writes it; returns where.</summary>
    public static string Write(string folder, string name, string revision, IReadOnlyList<Summary> summaries)
    {
        StringBuilder text = new(Provenance.Head(name, revision));
        _ = text.Append($"- {RuntimeInformation.FrameworkDescription}, in process, one thread; {Iterations(summaries)} iterations each\n")
            .Append("- how to read and to repeat it: `bench/ENVIRONMENT.md`\n");
        foreach (Summary summary in summaries)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"\n### {Title(summary)}\n\n")
                .Append("| benchmark | mean ns | ± (99.9 %) | per second | allocated B |\n| --- | --- | --- | --- | --- |\n");
            foreach (BenchmarkReport report in summary.Reports)
            {
                _ = text.Append(Row(report));
            }
        }

        string path = Provenance.Path(folder, name);
        File.WriteAllText(path, text.ToString());
        return path;
    }

    private static string Row(BenchmarkReport report)
    {
        string name = report.BenchmarkCase.Descriptor.WorkloadMethod.Name;
        string parameters = report.BenchmarkCase.HasParameters ? $" ({report.BenchmarkCase.Parameters.DisplayInfo.Trim('[', ']')})" : "";
        if (report.ResultStatistics is not { } statistics)
        {
            return $"| {name}{parameters} | failed | – | – | – |\n";
        }

        double perSecond = 1e9 / statistics.Mean;
        string rate = perSecond >= 1e6
            ? string.Create(CultureInfo.InvariantCulture, $"{perSecond / 1e6:0.00}M")
            : string.Create(CultureInfo.InvariantCulture, $"{perSecond / 1e3:0}k");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name}{parameters} | {statistics.Mean:0.00} | {statistics.ConfidenceInterval.Margin:0.00} | {rate} | {report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase):0} |\n");
    }

    private static string Title(Summary summary) => summary.BenchmarksCases[0].Descriptor.Type.Name.Replace("Benchmarks", "", StringComparison.Ordinal);

    private static string Iterations(IReadOnlyList<Summary> summaries)
    {
        int[] counts = [.. summaries.SelectMany(summary => summary.Reports).Select(report => report.ResultStatistics?.N ?? 0)];
        return counts.Min() == counts.Max() ? $"{counts.Min()}" : $"{counts.Min()}–{counts.Max()}";
    }
}
