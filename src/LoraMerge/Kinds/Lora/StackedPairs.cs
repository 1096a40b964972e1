using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>Pairs of all experts of a layer, stacked: as many linear layers, expert by expert.</summary>
/// <remarks>
/// A <c>[experts, r, in]</c>, B <c>[experts, out, r]</c> or <c>[out, r, experts]</c>; a factor that all experts share has 1 in the place of their number. So
/// Megatron's and Tinker's exports have them, where PEFT has matrices, <see cref="LoraParameters"/>. Their names tell the projection:
/// <c>experts.gate_up_proj</c>, <c>experts.w1</c>.
/// </remarks>
internal static class StackedPairs
{
    /// <summary>Far more than any layer has; each becomes a module of its own.</summary>
    private const int MostExperts = 65_536;

    /// <summary>Whether a module's pair is stacked. A convolution's has three sides as well, but is none of experts.</summary>
    public static bool Are(ModuleTensors module, LoraConfig config) =>
        module.Path.Contains("experts.", StringComparison.Ordinal) && module.Look(LoraRoles.A) is { Shape.Length: 3 } a
            && module.Look(LoraRoles.B) is { Shape.Length: 3 }
        && a.Shape[1] <= int.MaxValue && config.Ranks.AlphasOf(module.Name, (int)a.Shape[1]).Any();

    /// <summary>The empty pairs that Tinker saves of the third projection where experts have two, as Nemotron's: beside stacked ones of the first.</summary>
    public static IEnumerable<StoredTensor> Placeholders(IReadOnlyCollection<StoredTensor> tensors)
    {
        const string third = ".experts.w3.", first = ".experts.w1.";
        var stacked = tensors.Where(tensor => tensor.Shape.Length == 3).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return tensors.Where(tensor => tensor.Shape is [0] && tensor.Name.Contains(third, StringComparison.Ordinal)
            && stacked.Contains(tensor.Name.Replace(third, first, StringComparison.Ordinal)));
    }

    /// <exception cref="LoraMergeException">LORA3004, LORA3051.</exception>
    public static IEnumerable<LoraModule> Read(ModuleTensors module, LoraConfig config)
    {
        (StoredTensor a, StoredTensor b) = (module.Needed(LoraRoles.A), module.Needed(LoraRoles.B));
        int rank = (int)a.Shape[1];
        // Both ways where as many experts as outputs have a rank of their number: the common one.
        bool isLast = b.Shape[2] != rank || !(b.Shape[0] == a.Shape[0] || b.Shape[0] == 1 || a.Shape[0] == 1);
        long experts = isLast ? b.Shape[2] : Math.Max(a.Shape[0], b.Shape[0]);
        if (b.Shape[isLast ? 1 : 2] != rank || (a.Shape[0] != experts && a.Shape[0] != 1) || (!isLast && b.Shape[0] != experts && b.Shape[0] != 1))
            throw LoraErrors.PairDoesNotFit(module.Name, a, b);
        if (experts > MostExperts)
            throw Errors.TooManyExperts(b, MostExperts);
        for (int e = 0; e < experts; e++)
        {
            StoredTensor ofA = a.At(a.Shape[0] == 1 ? 0 : e), ofB = isLast ? b.AtLast(e) : b.At(b.Shape[0] == 1 ? 0 : e);
            yield return new LoraModule(
                PathOf(module.Name, e), ofA, ofB, new StoredFactor(ofA), new StoredFactor(ofB), rank, config.ScalingOf(module.Name, rank))
            {
                Trainer = config.Trainer,
            };
        }
    }

    /// <summary>One expert's layer: the number stands behind <c>experts</c>.</summary>
    private static string PathOf(string path, int expert)
    {
        int dot = path.LastIndexOf('.');
        return string.Create(CultureInfo.InvariantCulture, $"{path[..dot]}.{expert}{path[dot..]}");
    }
}
