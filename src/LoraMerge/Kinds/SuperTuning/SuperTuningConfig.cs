using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.SuperTuning;

/// <param name="Sparsity">The part of the numbers that stay.</param>
/// <param name="SelectsLeast">Whether the least numbers change instead of the largest.</param>
/// <param name="Alpha">alpha of the product; null where there is none.</param>
internal sealed record SuperTuningConfig(double Sparsity, bool SelectsLeast, double? Alpha) : KindConfig
{
    internal override ImmutableArray<AdaptedModule> ReadModules(AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        ImmutableArray<AdaptedModule> modules = base.ReadModules(tensors, notes);
        if (modules.Cast<SuperTuningModule>().Any(module => module.Places is null))
            notes.Add(SuperTuningNotes.PlacesAssumed(tensors.Path));
        return modules;
    }

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor values = tensors.Needed(SuperTuningKind.Values);
        StoredTensor? places = tensors.Find(SuperTuningKind.Places);
        if (places is not null && places.ElementCount != values.ElementCount)
            throw Errors.TensorsDoNotFit(tensors.Name, [values, places], "a place is expected for each number");
        StoredTensor? a = Alpha is null ? null : tensors.Needed(SuperTuningKind.A), b = Alpha is null ? null : tensors.Needed(SuperTuningKind.B);
        if (a is not null && b is not null && a.Shape[0] != b.Shape[1])
            throw Errors.TensorsDoNotFit(tensors.Name, [a, b], "both must have one rank");
        return new SuperTuningModule(tensors.Name, values, places, a, b, Sparsity, SelectsLeast, a is null ? 0 : Alpha!.Value / a.Shape[0]);
    }
}
