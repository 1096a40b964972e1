using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.LoKr;

/// <summary>What is said of LoKr adapters without stopping a merge.</summary>
internal static class LoKrNotes
{
    public static MergeEvent.Warning ScaleAmbiguous(string module, double scaling, AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.KroneckerScaleAmbiguous,
            string.Create(
                CultureInfo.InvariantCulture,
                $"PEFT before 0.14 added the Kronecker product of '{module}' as it is, later releases add {scaling} times that (alpha / r). Adapter "
                    + $"'{adapter}' was written by {origin} ({origin.Evidence}), so its file does not tell; {scaling} is taken. To choose, set "
                    + $"AdapterVersion of the adapter to the release of PEFT that it was trained with."
            ),
            adapter
        );
}
