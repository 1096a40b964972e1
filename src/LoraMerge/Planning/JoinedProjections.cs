using System.Collections.Immutable;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>Projections that one file has joined and another apart, though transformers has one form of the model alone: converted to another family, or
/// trained by a library that takes them apart.</summary>
/// <remarks>unsloth trains Phi-3 as a Llama, mlx_lm Granite 4 as a Granite; Tinker trains the projections of Qwen 3.5's linear attention and of Nemotron's
/// Mamba layers apart; others publish converted files. The joined ones lie one behind the other, in this order.</remarks>
internal static class JoinedProjections
{
    private static readonly (string Joined, ImmutableArray<string> Apart)[] Layers =
    [
        ("qkv_proj", ["q_proj", "k_proj", "v_proj"]),
        ("W_pack", ["q_proj", "k_proj", "v_proj"]),
        ("gate_up_proj", ["gate_proj", "up_proj"]),
        ("gate_up_proj", ["w1", "w3"]),
        ("in_proj_qkv", ["in_proj_q", "in_proj_k", "in_proj_v"]),
        ("in_proj", ["gate_proj", "x_proj"]),
        (SharedInput, ["gate_proj", "up_proj"]),
        (SharedOutput, ["down_proj"]),
    ];

    /// <summary>Granite 4 without experts keeps the names of the layers that all experts share; mlx_lm trains them as a plain block's.</summary>
    private const string SharedInput = "input_linear", SharedOutput = "output_linear";

    private static readonly ImmutableArray<string> JoinedNames =
    [
        "qkv_proj", "W_pack", "query_key_value", "Wqkv", "qkv", "c_attn", "wqkv", "in_proj", "att_proj", "gate_up_proj", "up_gate_proj", "ff_proj",
        "in_proj_qkv", "in_proj_qkvz",
    ];

    private static readonly ImmutableArray<string> NamesApart =
        ["q_proj", "k_proj", "v_proj", "query", "key", "value", "q_lin", "gate_proj", "up_proj", "w1", "w3", "x_proj", "in_proj_q",
            "in_proj_k", "in_proj_v"];

    /// <summary>Families whose <c>qkv_proj</c> is all of the queries, then keys, then values. CodeGen's is sorted otherwise.</summary>
    private static readonly ImmutableArray<string> PlainFamilies = ["phi3", "phi3_v", "phi4mm", "phimm", "baichuan"];

    /// <summary>The parts of a weight that the base has joined with others, or apart; null where it has neither.</summary>
    /// <param name="path">The module's path in the base's files.</param>
    /// <param name="parameter">The parameter, such as <c>weight</c>.</param>
    /// <param name="checkpoint">The base.</param>
    public static WeightParts? Find(string path, string parameter, Checkpoint checkpoint)
    {
        int dot = path.LastIndexOf('.') + 1;
        (string parent, string name) = (path[..dot], path[dot..]);
        foreach ((string joined, ImmutableArray<string> apart) in Layers)
        {
            if (name == joined && Apart(parent, apart, parameter, checkpoint) is { } several)
                return several;
            if (apart.IndexOf(name) is >= 0 and int index && Holder($"{ParentOf(joined, parent)}{joined}", parameter, checkpoint) is { } holder
                && Rows(joined, holder, checkpoint) is { } rows)
                return new WeightParts([new RowSegment(holder, rows[..index].Sum(), rows[index], 0)], IsInOrder: true);
        }
        return null;
    }

    /// <summary>The layer in which the base has a projection joined with others, or the first of those that it has apart, wherever the rows lie.</summary>
    public static (string Path, bool IsJoined)? NameOf(string path, Checkpoint checkpoint)
    {
        int dot = path.LastIndexOf('.') + 1;
        (string parent, string name) = (path[..dot], path[dot..]);
        bool isApart = NamesApart.Contains(name);
        ImmutableArray<string> others = isApart ? JoinedNames : JoinedNames.Contains(name) ? NamesApart : [];
        return others.Select(other => parent + other).FirstOrDefault(other => checkpoint.TryFind(other + ".weight", out _)) is string found
            ? (found, isApart)
            : null;
    }

    private static string ParentOf(string joined, string parent) =>
        joined is SharedInput or SharedOutput && parent.EndsWith(".mlp.", StringComparison.Ordinal) ? $"{parent[..^"mlp.".Length]}shared_mlp." : parent;

    private static WeightParts? Apart(string parent, ImmutableArray<string> apart, string parameter, Checkpoint checkpoint)
    {
        ImmutableArray<RowSegment>.Builder segments = ImmutableArray.CreateBuilder<RowSegment>();
        long trained = 0;
        foreach (string name in apart)
        {
            if (!checkpoint.TryFind($"{parent}{name}.{parameter}", out TensorSource? stored) || stored.Shape.IsEmpty)
                return null;
            segments.Add(new RowSegment(stored, 0, stored.RowCount, trained));
            trained += stored.RowCount;
        }
        return new WeightParts(segments.ToImmutable(), IsInOrder: true);
    }

    private static TensorSource? Holder(string path, string parameter, Checkpoint checkpoint) =>
        checkpoint.TryFind($"{path}.{parameter}", out TensorSource? stored) && stored.Shape.Length is 1 or 2 ? stored : null;

    /// <summary>Rows of each projection; null where they cannot be told.</summary>
    private static ImmutableArray<long>? Rows(string joined, TensorSource holder, Checkpoint checkpoint)
    {
        if (joined == SharedOutput)
            return [holder.RowCount];
        if (joined is "gate_up_proj" or SharedInput)
            return holder.RowCount % 2 == 0 ? [holder.RowCount / 2, holder.RowCount / 2] : null;
        ConfigPart part = checkpoint.Config.PartOf(holder.Name);
        if (joined == "in_proj_qkv")
            return RowsOf(part, ("linear_num_key_heads", "linear_key_head_dim"), ("linear_num_value_heads", "linear_value_head_dim")) is [var keys, var values]
                && (2 * keys) + values == holder.RowCount ? [keys, keys, values] : null;
        if (joined == "in_proj") // what follows are the layer's B, C and Δ
            return part.ModelType == "nemotron_h" && RowsOf(part, ("mamba_num_heads", "mamba_head_dim")) is [var inner] && 2 * inner <= holder.RowCount
                ? [inner, inner] : null;
        if (part.ModelType is not string family || !PlainFamilies.Contains(family) || part.Number("num_attention_heads") is not (> 0 and double heads))
            return null;
        double keyHeads = part.Number("num_key_value_heads") ?? heads;
        double size = holder.RowCount / (heads + (2 * keyHeads));
        return size == Math.Floor(size)
            && (part.Number("head_dim") ?? size) == size ? [(long)(heads * size), (long)(keyHeads * size), (long)(keyHeads * size)] : null;
    }

    /// <summary>Rows of projections by their numbers of heads and the sizes of these; null where config.json lacks any.</summary>
    private static ImmutableArray<long>? RowsOf(ConfigPart part, params (string Heads, string Size)[] fields)
    {
        const double most = int.MaxValue;
        double?[] rows = [.. fields.Select(field => part.Number(field.Heads) * part.Number(field.Size))];
        return Array.TrueForAll(rows, count => count is >= 1 and <= most) ? [.. rows.Select(count => (long)count!.Value)] : null;
    }
}
