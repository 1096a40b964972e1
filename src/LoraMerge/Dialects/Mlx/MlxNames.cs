using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraMerge.Dialects.Mlx;

/// <summary>Takes the names of mlx_lm's models to those of transformers. <c>sanitize</c> of each file in <c>mlx_lm/models</c>, the other way round.</summary>
internal static partial class MlxNames
{
    /// <summary>Modules whose attributes are called otherwise; the first that matches.</summary>
    private static readonly (Regex From, string To)[] Renamed =
    [
        (NeoXBlock, "gpt_neox.layers.$1"),
        (NeoXTop, "gpt_neox.$1"),
        (NeoXHead, "embed_out"),
        (Gpt2, "transformer.$1"),
    ];

    /// <summary>Path of a module in transformers' model.</summary>
    public static string OfModule(string path)
    {
        foreach ((Regex from, string to) in Renamed)
        {
            if (from.IsMatch(path))
                return from.Replace(path, to);
        }
        return path;
    }

    /// <summary>Path of one expert's layer in transformers' model, for a layer that holds all experts; how the base stores it, planning finds out.</summary>
    public static string OfExpert(string path, int expert)
    {
        Match match = StackedLayer.Match(path);
        if (!match.Success)
            return string.Create(CultureInfo.InvariantCulture, $"{path}.{expert}");
        string layer = match.Groups["layer"].Value switch { "fc1" => "up_proj", "fc2" => "down_proj", var same => same };
        return string.Create(CultureInfo.InvariantCulture, $"{match.Groups["parent"].Value}.experts.{expert}.{layer}");
    }

    /// <summary>Whether a layer holds all experts.</summary>
    public static bool IsStack(string path) => StackedLayer.IsMatch(path);

    /// <summary>Whether a module is a table of rows, whose pair mlx_lm stores as rows by rank and rank by width.</summary>
    public static bool IsEmbedding(string path) => EmbeddingName.IsMatch(path);

    /// <summary>Whether transformers stores the weight of a layer input by output, and mlx_lm the other way round.</summary>
    public static bool IsTurnedRound(string path) => Gpt2Projection.IsMatch(path);

    [GeneratedRegex(
        @"^model\.h\.(\d+\.(attention|input_layernorm|post_attention_layernorm|mlp\.dense_(h_to_4h|4h_to_h))(\..*)?)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex NeoXBlock { get; }

    [GeneratedRegex(@"^model\.(embed_in|final_layer_norm)$", RegexOptions.CultureInvariant)]
    private static partial Regex NeoXTop { get; }

    [GeneratedRegex(@"^model\.embed_out$", RegexOptions.CultureInvariant)]
    private static partial Regex NeoXHead { get; }

    [GeneratedRegex(@"^model\.(h\.\d+(\..*)?|wte|wpe|ln_f)$", RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2 { get; }

    [GeneratedRegex(@"^transformer\.h\.\d+\.(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)$", RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Projection { get; }

    [GeneratedRegex(
        @"^(?<parent>.+?)\.(switch_mlp|experts|experts\.switch_glu)\.(?<layer>gate_proj|up_proj|down_proj|fc1|fc2)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex StackedLayer { get; }

    [GeneratedRegex(
        @"(^|\.)(embed_tokens|embed_tokens_per_layer|wte|wpe|embed_in|word_embeddings|word_embedding|tok_embeddings|embeddings|embedding)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex EmbeddingName { get; }
}
