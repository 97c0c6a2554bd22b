using System.Net;
using WgProxy.Configuration;
using WgProxy.Diagnosis;
using WgProxy.Hosting;
using WgProxy.Resolving;

namespace WgProxy.Commands;

/// <summary><c>wgproxy doctor</c>: examines the host for what keeps a relay from working, and says what mends it.</summary>
/// <param name="reader">Reads the settings.</param>
/// <param name="lookUp">Asks the system for names.</param>
/// <param name="own">This host's addresses.</param>
internal sealed class DoctorCommand(OptionsReader reader, LookUp lookUp, Func<IEnumerable<IPAddress>> own)
{
    /// <summary>Examines; returns the exit code. What is wrong with the settings has been logged then.</summary>
    /// <param name="asJson">Whether a program reads the report.</param>
    /// <param name="output">Where the report goes.</param>
    public async Task<int> RunAsync(bool asJson, TextWriter output)
    {
        if (reader.Read() is not { } options)
        {
            return ExitCode.WrongSettings;
        }

        HostDiagnosis diagnosis = HostDiagnosis.Of(await new HostSurvey(options, lookUp, own, TimeProvider.System).LookAsync());
        await output.WriteAsync(asJson ? DiagnosisText.JsonOf(diagnosis) : DiagnosisText.Of(diagnosis));
        return diagnosis.Count(Severity.Problem) > 0 ? ExitCode.ProblemsFound : ExitCode.Done;
    }
}
