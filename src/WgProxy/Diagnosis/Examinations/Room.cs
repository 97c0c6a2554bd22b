using WgProxy.Hosting;

namespace WgProxy.Diagnosis.Examinations;

/// <summary>Whether ports and open files allow as many mappings as the operator wants.</summary>
internal static class Room
{
    // Of open files 90 % are for mappings, and this is more than enough for the process itself.
    private const int Spare = 1_024;

    /// <summary>Examines it.</summary>
    public static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Ports is not { } ports || facts.Privileges is not { } process)
        {
            yield break;
        }

        Capacity capacity = Capacity.From(ports, process.OpenFiles, facts.MaxMappings);
        (string, object)[] values =
        [
            ("who", process.Who), ("files", process.OpenFiles), ("mappings", capacity.Mappings), ("wanted", facts.MaxMappings), ("ports", ports.Numbers.Count),
            ("enough", (facts.MaxMappings * 10 / 9) + Spare),
        ];
        yield return capacity.FilesAreTheBound ? FindingKinds.FilesFew.With(values)
            : capacity.Mappings < facts.MaxMappings ? FindingKinds.PortsFew.With(values)
            : FindingKinds.RoomThere.With([("files", capacity.OpenFilesText.Replace(" of", string.Empty, StringComparison.Ordinal)), .. values]);
    }
}
