using System.Collections.Immutable;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Adapters;

/// <summary>The A and B of one module, with what else was trained beside them.</summary>
/// <param name="Path">Module path in the live model.</param>
/// <param name="A"><c>[r, in]</c>; convolutions <c>[r, in, k…]</c>.</param>
/// <param name="B"><c>[out, r]</c>; convolutions <c>[out, r, 1…]</c>.</param>
/// <param name="BBias"><c>[out]</c>, or null.</param>
/// <param name="Scaling">alpha/r, or alpha/sqrt(r) with rsLoRA.</param>
public sealed record AdapterModule(string Path, StoredTensor A, StoredTensor B, StoredTensor? BBias, double Scaling)
{
    /// <summary>Whether the pair is <c>lora_embedding_A</c> <c>[r, vocabulary]</c> and <c>lora_embedding_B</c> <c>[dim, r]</c>, whose product is transposed.</summary>
    public bool IsEmbedding { get; init; }

    /// <summary>Trained magnitudes of DoRA: one for each output, for each dimension of an embedding; null without DoRA.</summary>
    public StoredTensor? Magnitude { get; init; }

    /// <summary>Trained singular values of KaSA, <c>[r]</c>, between B and A; null otherwise.</summary>
    public StoredTensor? Diagonal { get; init; }

    /// <summary>Blocks of a block-diagonal A that is stored <c>[r, in/blocks]</c> (BdLoRA); 1 otherwise.</summary>
    public int ABlocks { get; init; } = 1;

    /// <summary>Blocks of a block-diagonal B that is stored <c>[out, r/blocks]</c> (BdLoRA); 1 otherwise.</summary>
    public int BBlocks { get; init; } = 1;

    /// <summary>Which of the projections that the weight fuses are adapted, each by r rows of A and its own rows of B (PEFT 0.2); empty where the weight is adapted whole.</summary>
    public ImmutableArray<bool> EnabledProjections { get; init; } = [];

    /// <summary>Rows that B has once the projections that are not adapted are filled in.</summary>
    public long OutputCount => EnabledProjections.IsEmpty ? B.Shape[0] : B.Shape[0] / EnabledProjections.Count(enabled => enabled) * EnabledProjections.Length;

    /// <summary>Whether this is the output projection inside an adapted <c>nn.MultiheadAttention</c>.</summary>
    public bool IsAttentionOutput { get; init; }
}

/// <summary>A and B of one parameter of a module, such as the fused weights of all experts. The keys do not tell which parameter.</summary>
/// <param name="Module">Path of the module that holds the parameter.</param>
/// <param name="Depth">0 for the outermost wrapper of the module, 1 for the next.</param>
/// <param name="A"><c>[r·experts, in]</c>, expert by expert.</param>
/// <param name="B"><c>[out, r·experts]</c>.</param>
public sealed record AdapterParameter(string Module, int Depth, StoredTensor A, StoredTensor B);

/// <summary>A parameter that the adapter holds whole and that replaces the base's.</summary>
/// <param name="Module">Module path in the live model.</param>
/// <param name="Parameter">Name of the parameter, such as <c>bias</c>.</param>
/// <param name="Tensor">Its new values.</param>
public sealed record SavedParameter(string Module, string Parameter, StoredTensor Tensor)
{
    /// <summary>Whether it is the base tensor of an adapted module (<c>base_layer</c>), which most adapters hold unchanged.</summary>
    public bool IsBaseLayer { get; init; }
}

/// <summary>Rows of an embedding that the adapter holds whole.</summary>
/// <param name="Module">Module path of the embedding.</param>
/// <param name="Indices">Token numbers, in the order of the rows.</param>
/// <param name="Rows"><c>[tokens, dim]</c>.</param>
public sealed record SavedRows(string Module, ImmutableArray<long> Indices, StoredTensor Rows);

/// <summary>An adapter on disk: its configuration, and every tensor of its file in exactly one place.</summary>
/// <param name="Path">The folder or weight file, as the user wrote it.</param>
/// <param name="Config">adapter_config.json.</param>
/// <param name="Weights">The weight file.</param>
/// <param name="Modules">Low-rank pairs, in ordinal order of their paths.</param>
/// <param name="Parameters">Whole parameters, in ordinal order.</param>
/// <param name="Rows">Whole rows of embeddings.</param>
public sealed record Adapter(
    string Path,
    LoraConfig Config,
    Shard Weights,
    ImmutableArray<AdapterModule> Modules,
    ImmutableArray<SavedParameter> Parameters,
    ImmutableArray<SavedRows> Rows)
{
    /// <summary>Pairs on parameters (<c>target_parameters</c>), by module and depth.</summary>
    public ImmutableArray<AdapterParameter> ModuleParameters { get; init; } = [];

    /// <summary>Names of tensors that only training needed, or that are there twice.</summary>
    public ImmutableArray<string> Ignored { get; init; } = [];

    /// <summary>Name of the folder, or of the file without its extension.</summary>
    public string Name => File.Exists(Path) ? System.IO.Path.GetFileNameWithoutExtension(Path) : new DirectoryInfo(Path).Name;

    /// <summary>Whether biases were trained that its release did not save.</summary>
    public bool HasLostBiases => Config.TrainsBiasesOfAdaptedModules && Config.Origin.Follows(PeftHistory.LoraOnlyBiasesNotSaved) != false && !Parameters.Any(saved => saved.Parameter == "bias");

    /// <summary>What the user should know of how it was read.</summary>
    public ImmutableArray<MergeEvent> Notes { get; init; } = [];

    /// <summary>Reads an adapter folder, or a weight file with its adapter_config.json beside it.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="release">The release that wrote it, where the user knows; else the file is dated by its fields.</param>
    /// <exception cref="LoraMergeException">LORA1105, 1107, 2002, 2003, 3001 to 3035.</exception>
    public static Adapter Open(string path, string? release = null)
    {
        AdapterFiles files = AdapterFiles.Find(path);
        ConfigFields fields = ConfigFields.Read(files.Config);
        AdapterDialect dialect = AdapterDialects.Of(fields);
        AdapterOrigin dated = AdapterDialects.Date(dialect, fields);
        AdapterOrigin origin = release is null ? dated : AdapterOrigin.Asked(dated.Library, release, path);
        Adapter adapter = dialect == AdapterDialect.Mlx
            ? MlxTensors.Sort(path, MlxConfig.Read(fields, origin), Shard.Read(files.Weights(dialect)))
            : AdapterTensors.Sort(path, AdapterConfigReader.Read(fields, origin), Shard.Read(files.Weights(dialect)));
        return dated.IsContradictedBy(origin)
            ? adapter with { Notes = [Diagnostics.Notes.AdapterReleaseContradicted(dated, release!, path), .. adapter.Notes] }
            : adapter;
    }
}
