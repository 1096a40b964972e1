using System.Collections.Frozen;
using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>Makes modules of the pairs of a file, and holds their shapes against the configuration.</summary>
internal sealed class LoraTensors
{
    private const string WrapperPart = AdapterTensors.WrapperPart;

    /// <summary>How the path of the output projection inside an adapted attention ends.</summary>
    private const string AttentionOutput = WrapperPart + ".out_proj";

    /// <summary>Ways to begin that leave the base as it is, and those whose part of the base is taken away again. Others are refused before.</summary>
    private static readonly FrozenSet<string> HarmlessOrKnown =
        FrozenSet.ToFrozenSet(["true", "false", "gaussian", "eva", "orthogonal", "mica", "pissa", "olora"], StringComparer.Ordinal);

    /// <summary>What trainers call adapters that they save for themselves, of a training that took a part of the base away.</summary>
    private static readonly string[] SavedToGoOn = ["pissa_init", "pissa_backup", "initial_model"];

    /// <summary>The two parameters of fused experts, of which the second one's wrapper is the outer.</summary>
    private static readonly ImmutableArray<string> BothOfExperts = ["gate_up_proj", "down_proj"];

    private readonly LoraConfig _config;
    private readonly AdapterTensors _tensors;
    private readonly HashSet<string> _targetModules;
    private readonly bool _hasTargetWithoutModule;
    private readonly SharedFactors _shared;

    private LoraTensors(LoraConfig config, AdapterTensors tensors)
    {
        _config = config;
        _tensors = tensors;
        _shared = new SharedFactors(tensors);
        _targetModules = config.TargetParameters.Where(target => target.Contains('.', StringComparison.Ordinal))
            .Select(target => target[..target.LastIndexOf('.')]).ToHashSet(StringComparer.Ordinal);
        _hasTargetWithoutModule = config.TargetParameters.Any(target => !target.Contains('.', StringComparison.Ordinal));
    }

    /// <summary>The layers, then the modules of which parameters are adapted, both in ordinal order of their paths.</summary>
    /// <exception cref="LoraMergeException">LORA3004, LORA3008, LORA3016, LORA3145.</exception>
    public static ImmutableArray<AdaptedModule> Read(LoraConfig config, AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        if (config.Initialisation is string method && !HarmlessOrKnown.Contains(method))
            notes.Add(LoraNotes.InitialisationUnknown(method, tensors.Path));
        if (config.Initialisation is null && Path.GetFileName(Path.GetFullPath(tensors.Path)) is string folder && SavedToGoOn.Contains(folder))
            notes.Add(LoraNotes.SavedToGoOn(folder, tensors.Path));
        var unchosen = new LoraTensors(config, tensors);
        if (config.TargetParameters.IsEmpty && tensors.Modules.FirstOrDefault(unchosen.LacksTargetParameter) is ModuleTensors first
            && unchosen.HaveBothOfExperts())
        {
            notes.Add(LoraNotes.TargetParametersAssumed(WithoutWrappers(first.Path), tensors.Path));
            unchosen = new LoraTensors(config = config with { TargetParameters = BothOfExperts }, tensors);
        }
        RankAndAlpha ranks = PatternChoice.Choose(config.Ranks, tensors.Config.Origin, [.. unchosen.Ranks()], tensors.Path, notes);
        if (config.Trainer == LoraTrainer.Automodel)
            ranks = unchosen.WithRanksOfExperts(ranks);
        var reader = new LoraTensors(config with { Ranks = ranks, UsesDora = UsesDora(config, tensors, notes) }, tensors);
        ILookup<bool, ModuleTensors> modules = tensors.Modules.ToLookup(module => reader.IsParameterPath(module.Path));
        if (tensors.Modules.FirstOrDefault(reader.LacksTargetParameter) is ModuleTensors lacking)
            throw LoraErrors.TargetParametersMissing(WithoutWrappers(lacking.Path), lacking.First);
        return
        [
            .. modules[false].Where(module => !reader._shared.Are(module))
                .SelectMany(module => StackedPairs.Are(module, config) ? StackedPairs.Read(module, reader._config) : [reader.Module(module)]),
            .. modules[true].GroupBy(module => WithoutWrappers(module.Path), StringComparer.Ordinal)
                .Select(pairs => new LoraParameters(pairs.Key, reader._config, [.. pairs.Select(ParameterPair).OrderBy(pair => pair.Depth)])),
        ];
    }

    /// <summary>Whether magnitudes belong to the modules: where the file does not say so, that they are there.</summary>
    /// <exception cref="LoraMergeException">LORA3091, LORA3092.</exception>
    private static bool UsesDora(LoraConfig config, AdapterTensors tensors, ICollection<MergeEvent> notes)
    {
        ModuleTensors? first = tensors.Modules.FirstOrDefault(module => module.Has(LoraRoles.Magnitude));
        if (config.UsesDora && first is null && tensors.Modules.FirstOrDefault(module => !module.Has(LoraRoles.EmbeddingA)) is ModuleTensors without)
            throw LoraErrors.MagnitudesNotExported(without.First.File, without.Name);
        if (config.UsesDora || first is null)
            return config.UsesDora;
        if (config.SaysDora)
            throw LoraErrors.MagnitudesContradicted(first.Look(LoraRoles.Magnitude)!);
        notes.Add(LoraNotes.DoraAssumed(first.Name, tensors.Path));
        return true;
    }

    /// <summary>The rank of each module as its A tells it. Pairs of parameters do not: how many experts share their A, the base tells.</summary>
    private IEnumerable<(string Module, int Rank)> Ranks() =>
        from module in _tensors.Modules
        where !IsParameterPath(module.Path)
        from a in new[] { module.Look(LoraRoles.A), module.Look(LoraRoles.EmbeddingA) }
        where a is { Shape.IsEmpty: false }
        select (PatternNameOf(module), RankOf(module, a));

    /// <summary>The name that patterns of rank and alpha match: of the output projection inside an attention, the attention's.</summary>
    /// <remarks>PEFT, <c>MultiheadAttention.update_layer</c>.</remarks>
    private static string PatternNameOf(ModuleTensors module) => module.Path.EndsWith(AttentionOutput, StringComparison.Ordinal)
        ? AdapterTensors.NameOf(module.Path[..^AttentionOutput.Length]) : module.Name;

    /// <summary>With the ranks that experts' tensors have, where these are smaller than that of all: <c>moe_rank_scaling</c> gives experts a part of the rank,
    /// divides alpha by it, and stands in no file.</summary>
    private RankAndAlpha WithRanksOfExperts(RankAndAlpha ranks) => ranks with
    {
        Lookup = PatternLookup.Today,
        RankPattern =
        [
            .. Ranks().Where(module => module.Module.Contains(".experts.", StringComparison.Ordinal) && module.Rank > 0 && module.Rank < ranks.Rank
                    && ModulePattern.IsName(module.Module))
                .Select(module => ModulePattern.Create(module.Module, module.Rank)),
        ],
    };

    /// <summary>Rows of A; each of the fused projections of PEFT 0.2 has r of its own.</summary>
    private int RankOf(ModuleTensors module, StoredTensor a) =>
        (int)Math.Min((StackedPairs.Are(module, _config) || _shared.Are(module) ? a.Shape[1] : a.Shape[0]) / (
            HasFusedProjections(module) ? _config.EnabledProjections.Count(enabled => enabled) : 1), int.MaxValue);

    /// <summary>PEFT 0.2 made the B of fused projections a convolution, <c>[out, r, 1]</c>, beside a matrix A.</summary>
    private bool HasFusedProjections(ModuleTensors module) =>
        _config.EnabledProjections.Contains(true) && module.Look(LoraRoles.B) is { Shape: [_, _, 1] } && module.Look(LoraRoles.A) is { Shape.Length: 2 };

    private LoraModule Module(ModuleTensors module)
    {
        bool isEmbedding = module.Has(LoraRoles.EmbeddingA) || module.Has(LoraRoles.EmbeddingB);
        string name = module.Name;
        StoredTensor a = Factor(module, isEmbedding ? LoraRoles.EmbeddingA : LoraRoles.A);
        StoredTensor b = Factor(module, isEmbedding ? LoraRoles.EmbeddingB : LoraRoles.B);
        int aBlocks = _config.BlockDiagonal?.BlocksOfA(name) ?? 1;
        int bBlocks = _config.BlockDiagonal?.BlocksOfB(name) ?? 1;
        if (IsOfGroups(a, b))
            throw LoraErrors.OfConvolutionInGroups(name, a, b);
        if (a.Shape.Length < 2 || b.Shape.Length < 2 || RankOf(module, a) != (Int128)b.Shape[1] * bBlocks)
            throw LoraErrors.PairDoesNotFit(name, a, b);
        if (a.Shape[0] % aBlocks != 0 || b.Shape[0] % bBlocks != 0)
            throw LoraErrors.BlocksDoNotFit(name, a, aBlocks, b, bBlocks);
        int rank = RankOf(module, a);
        string patternName = PatternNameOf(module);
        if (a.Shape[0] > int.MaxValue || !_config.Ranks.AlphasOf(patternName, rank).Any())
            throw Errors.RankMismatch("lora_A", name, a, _config.Ranks.RankOf(patternName));
        bool isFused = HasFusedProjections(module);
        b = isFused ? b with { Shape = b.Shape[..2] } : b;
        StoredTensor? diagonal = _config.UsesKasa ? Diagonal(module, name, rank) : null;
        LowRankFactor factorB = Blocks(b, bBlocks);
        factorB = isFused ? new FusedProjectionsFactor(factorB, _config.EnabledProjections) : factorB;
        return new LoraModule(
            name,
            a,
            b,
            Blocks(a, aBlocks),
            diagonal is null ? factorB : new DiagonalFactor(factorB, diagonal),
            rank,
            _config.ScalingOf(patternName, rank)
        )
        {
            IsEmbedding = isEmbedding,
            Trainer = _config.Trainer,
            BBias = module.Find(LoraRoles.BBias),
            Magnitude = _config.UsesDora ? module.Needed(LoraRoles.Magnitude) : null,
            Removed = (diagonal, _config.Initialisation) switch
            {
                (not null, _) => BasePart.SmallestSingularValues,
                (_, "pissa") => BasePart.LargestSingularValues,
                (_, "olora") => BasePart.FirstColumns,
                _ => null,
            },
            IsAttentionOutput = module.Path.EndsWith(AttentionOutput, StringComparison.Ordinal),
        };
    }

    private StoredTensor Factor(ModuleTensors module, TensorRole role) => module.Find(role) ?? _shared.Find(module, role) ?? throw module.Missing(role);

    /// <summary>PEFT makes the B of a convolution in groups one in groups, too: <c>[out, r / groups, 1, …]</c>.</summary>
    private static bool IsOfGroups(StoredTensor a, StoredTensor b) =>
        a.Shape.Length > 2 && b.Shape.Length == a.Shape.Length && b.Shape[1] > 0 && a.Shape[0] > b.Shape[1] && a.Shape[0] % b.Shape[1] == 0;

    private static LowRankFactor Blocks(StoredTensor stored, int blocks) => blocks == 1 ? new StoredFactor(stored) : new BlockDiagonalFactor(stored, blocks);

    private static StoredTensor Diagonal(ModuleTensors module, string name, int rank)
    {
        StoredTensor diagonal = module.Needed(LoraRoles.Diagonal);
        return diagonal.Shape is [var count] && count == rank ? diagonal : throw LoraErrors.DiagonalDoesNotFit(name, diagonal, rank);
    }

    /// <summary>
    /// Whether a pair belongs to a parameter: <c>target_parameters</c> names its module, or it is one wrapper further in, or has one further in.
    /// </summary>
    private bool IsParameterPath(string path)
    {
        string module = WithoutWrappers(path);
        return path != module || _tensors.Find(path + WrapperPart)?.Has(LoraRoles.A) == true || HasTargetParameter(module);
    }

    /// <summary>Whether <c>target_parameters</c> names the module, or the end of its path from a dot on; experts where it names no module at all.</summary>
    private bool HasTargetParameter(string module)
    {
        if (_config.TargetParameters.IsEmpty)
            return false;
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> targets = _targetModules.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int start = 0; start >= 0; start = module.IndexOf('.', start) is var dot and >= 0 ? dot + 1 : -1)
        {
            if (targets.Contains(module.AsSpan(start)))
                return true;
        }
        return _hasTargetWithoutModule && module.EndsWith("experts", StringComparison.Ordinal);
    }

    /// <summary>Whether all pairs of parameters that the configuration names none of come in twos, as fused experts have two.</summary>
    private bool HaveBothOfExperts() => _tensors.Modules.Where(LacksTargetParameter).GroupBy(module => WithoutWrappers(module.Path), StringComparer.Ordinal)
        .All(pairs => pairs.Count() == BothOfExperts.Length && pairs.Key.EndsWith(".experts", StringComparison.Ordinal));

    /// <summary>Whether a pair can only be one of a parameter, and the configuration names none of its module.</summary>
    private bool LacksTargetParameter(ModuleTensors module)
    {
        string path = WithoutWrappers(module.Path);
        bool isOfParameter = path != module.Path || path.EndsWith(".experts", StringComparison.Ordinal);
        return isOfParameter && module.Look(LoraRoles.A) is { Shape.Length: 2 } && !_config.ParametersOf(path).Any();
    }

    private static LoraParameterPair ParameterPair(ModuleTensors tensors)
    {
        string module = WithoutWrappers(tensors.Path);
        StoredTensor a = tensors.Needed(LoraRoles.A);
        StoredTensor b = tensors.Needed(LoraRoles.B);
        if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[0] != b.Shape[1])
            throw LoraErrors.PairDoesNotFit(module, a, b);
        return new LoraParameterPair((tensors.Path.Length - module.Length) / WrapperPart.Length, a, b);
    }

    private static string WithoutWrappers(string path)
    {
        while (path.EndsWith(WrapperPart, StringComparison.Ordinal))
            path = path[..^WrapperPart.Length];
        return path;
    }
}
