using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Frod;

/// <summary>Faults of FRoD adapters.</summary>
internal static class FrodErrors
{
    public static LoraMergeException DirectionsNotSaved(string module, string role, string file) =>
        new(
            DiagnosticCode.SharedDirectionsNotSaved,
            $"'{file}' does not hold {role}, the directions that '{module}' shares with others (\"save_projection\": false). They come from a "
                + "decomposition of several weights of the base whose result depends on the computer that trained, so they cannot be made again. Load the "
                + "adapter where it was trained and save it with save_projection.",
            file
        );
}
