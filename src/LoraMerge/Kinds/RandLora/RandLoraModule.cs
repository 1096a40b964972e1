using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.RandLora;

/// <summary>The trained factors of one module, and the matrices that all share.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="Lambda"><c>[r, products]</c>.</param>
/// <param name="Gamma"><c>[products, smaller side]</c>.</param>
/// <param name="A">The shared A <c>[r, 1, smaller side or more]</c>; null where it has to be drawn.</param>
/// <param name="B">The shared B <c>[larger side or more, products or more, r]</c>; likewise.</param>
/// <param name="Scaling">alpha/r.</param>
/// <param name="Seed">What they are drawn from.</param>
/// <param name="Bases">How.</param>
internal sealed record RandLoraModule(
    string Path,
    StoredTensor Lambda,
    StoredTensor Gamma,
    StoredTensor? A,
    StoredTensor? B,
    double Scaling,
    long Seed,
    RandLoraBases Bases
) : AdaptedModule(Path)
{
    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors => [(RandLoraKind.Lambda.Name, Lambda), (RandLoraKind.Gamma.Name, Gamma)];

    internal override IEnumerable<WeightChange> ChangeWeight(ModuleTarget weight)
    {
        if (weight.Source.Shape is not [var rows, var columns] || Math.Min(rows, columns) != Gamma.Shape[1] || B?.Shape[0] < Math.Max(rows, columns))
            throw weight.Mismatch(this);
        bool isTransposed = weight.KnownTransposed ?? Orientation.OfSquare(Path, weight.Source, weight.By.Base, weight.By.Adapter);
        long inputs = isTransposed ? rows : columns;
        // The smaller side gets the trained factors; where both are equal, that is the inputs.
        bool isProduct = (inputs == Gamma.Shape[1]) != isTransposed;
        return
        [
            new RandLoraChange(
                weight.Adapter,
                Path,
                Lambda,
                Gamma,
                A,
                B,
                A is null ? Draw(weight) : null,
                Scaling * weight.AdapterWeight,
                IsTurned: !isProduct
            ),
        ];
    }

    /// <summary>The matrices are drawn as large as the largest module needs them, so that the sizes of all decide every number.</summary>
    private RandLoraDraw Draw(ModuleTarget target)
    {
        AppliedAdapter by = target.By;
        (string Path, long Outputs, long Inputs)[] all =
        [
            .. by.Weights.Where(pair => pair.Weight.Shape.Length == 2).Select(pair => Sides(pair.Module.Path, pair.Weight, by)),
        ];
        if (by.Adapter.Modules.FirstOrDefault(module => all.All(sides => sides.Path != module.Path)) is AdaptedModule missing)
            throw Errors.ModuleSizesUnknown(missing.Path, by.Adapter.Path);
        (long outputs, long inputs) = (all.Max(sides => sides.Outputs), all.Max(sides => sides.Inputs));
        return new RandLoraDraw(Seed, Bases, (int)Lambda.Shape[0], Math.Min(outputs, inputs), Math.Max(outputs, inputs), target.HeldDType);
    }

    private static (string Path, long Outputs, long Inputs) Sides(string path, TensorSource weight, AppliedAdapter by) =>
        Orientation.OfSquare(path, weight, by.Base, by.Adapter) ? (path, weight.Shape[1], weight.Shape[0]) : (path, weight.Shape[0], weight.Shape[1]);
}
