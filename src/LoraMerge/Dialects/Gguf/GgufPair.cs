using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Checkpoints.Gguf;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Architectures;
using LoraMerge.Gguf.Layout;
using LoraMerge.Kinds.Lora;

namespace LoraMerge.Dialects.Gguf;

/// <summary>Both factors of a change of one tensor of a GGUF model.</summary>
/// <param name="A"><c>[r, in]</c>; of stacked experts <c>[experts, r, in]</c>; of an embedding <c>[tokens, r]</c>.</param>
/// <param name="B"><c>[out, r]</c>; of stacked experts <c>[experts, out, r]</c>.</param>
internal sealed record GgufPair(StoredTensor A, StoredTensor B)
{
    private const string Embedding = "token_embd.weight";
    private const string Weight = ".weight";

    /// <summary>How bases that hold all experts in one tensor call those tensors, and what transformers calls the projections in them.</summary>
    private static readonly (string Target, string Fused, string Projection)[] s_fusedExperts =
    [
        ("ffn_gate_exps", "gate_up_proj", "gate_proj"), ("ffn_up_exps", "gate_up_proj", "up_proj"), ("ffn_down_exps", "down_proj", "down_proj"),
    ];

    public long Rank => B.Shape[^1];

    /// <summary>alpha / r; 1 where alpha is 0.</summary>
    /// <remarks>llama.cpp, <c>llama_adapter_lora_weight::get_scale</c>.</remarks>
    public double Scaling(double alpha) => alpha == 0 ? 1 : alpha / Rank;

    /// <summary>The modules that the tensor holds, with the steps undone that took their weights into the GGUF file.</summary>
    /// <param name="target">The tensor, and what it is made of.</param>
    /// <param name="alpha">The adapter's.</param>
    /// <param name="adapter">Its path, for messages.</param>
    /// <exception cref="LoraMergeException">LORA3008, LORA3132.</exception>
    public IEnumerable<LoraModule> Modules(LayoutTensor target, double alpha, string adapter)
    {
        if (target.Name == Embedding)
            return [Module(PathOf(target.Sources[0].Name), B.Transposed(), A, alpha)]; // looked up by tokens: as a linear layer whose B is lora_a
        Step[] steps = [.. target.Steps.Where(step => step is not (Step.Plus or Step.Transpose))];
        if (A.Shape.Length == 3 && Experts(target, steps) is { } paths)
            return paths.Select((path, expert) => Module(path, A.At(expert), B.At(expert), alpha));
        if (A.Shape.Length != 2 || steps is not ([] or [Step.Rope]))
            throw Errors.GgufAdapterTensorUndoable(A, target.Sources[0].Name, adapter);
        return [Module(PathOf(target.Sources[0].Name), A, steps is [Step.Rope rope] ? GgufPacking.OutOfPairs(B, rope.Heads) : B, alpha)];
    }

    /// <summary>A module that the base does not have, under the name of the file: planning says so.</summary>
    public LoraModule Unplaced(string target, double alpha) => Module(PathOf(target), A, B, alpha);

    /// <summary>A path for each expert; null where the tensor holds no experts, or not as many.</summary>
    private ImmutableArray<string>? Experts(LayoutTensor target, Step[] steps)
    {
        long count = A.Shape[0];
        if (steps is [Step.Stack] && target.Sources.Length == count)
            return [.. target.Sources.Select(source => PathOf(source.Name))];
        string source = target.Sources[0].Name;
        (string _, string fused, string projection) = Array.Find(s_fusedExperts, known => target.Name.Contains(known.Target, StringComparison.Ordinal));
        if (steps is not ([] or [Step.Take]) || fused is null || !source.EndsWith("experts." + fused, StringComparison.Ordinal) || target.Shape[0] != count)
            return null;
        string block = source[..^fused.Length];
        return [.. Enumerable.Range(0, (int)count).Select(expert => string.Create(CultureInfo.InvariantCulture, $"{block}{expert}.{projection}"))];
    }

    private LoraModule Module(string path, StoredTensor a, StoredTensor b, double alpha) =>
        new(path, a, b, new StoredFactor(a), new StoredFactor(b), checked((int)Rank), Scaling(alpha));

    private static string PathOf(string tensor) => tensor.EndsWith(Weight, StringComparison.Ordinal) ? tensor[..^Weight.Length] : tensor;
}
