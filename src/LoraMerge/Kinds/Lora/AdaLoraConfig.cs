using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>What the configuration of an AdaLoRA adapter says.</summary>
/// <param name="FirstRank"><c>init_r</c>: the directions that training began with.</param>
/// <param name="Alpha"><c>lora_alpha</c>; the rank where it is not above zero.</param>
/// <param name="Kept">For modules with directions taken out, which of the first ones were left.</param>
internal sealed record AdaLoraConfig(int FirstRank, double Alpha, ImmutableDictionary<string, ImmutableArray<bool>> Kept) : KindConfig
{
    /// <summary>What keeps the division from one by zero.</summary>
    private const double Epsilon = 1e-5;

    internal override int? LargestRank => FirstRank;

    /// <summary>s = alpha / (init_r + 1e-5), however many directions were left.</summary>
    /// <remarks>PEFT, <c>SVDLinear.get_delta_weight</c>: <c>ranknum</c> stays what it was when the layer was made.</remarks>
    internal double Scaling => Alpha / (FirstRank + Epsilon);

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor a = tensors.Needed(AdaLoraKind.A), b = tensors.Needed(AdaLoraKind.B), strengths = tensors.Needed(AdaLoraKind.Strengths);
        long rank = a.Shape[0];
        if (b.Shape[1] != rank || strengths.Shape[0] != rank || strengths.Shape[1] != 1)
            throw Errors.TensorsDoNotFit(
                tensors.Name,
                [a, b, strengths],
                "the rows of lora_A and lora_E and the columns of lora_B must be one rank, and lora_E has one column"
            );
        ImmutableArray<bool> kept = Kept.GetValueOrDefault(tensors.Name, []);
        int left = kept.Count(isKept => isKept);
        if (rank == left && !kept.IsEmpty)
            kept = []; // the file has nothing else
        else if (rank != FirstRank || (!kept.IsEmpty && kept.Length != rank))
            throw Errors.RankMismatch("lora_A", tensors.Name, a, kept.IsEmpty ? FirstRank : left);
        return new AdaLoraModule(tensors.Name, a, b, strengths, kept, Scaling);
    }
}
