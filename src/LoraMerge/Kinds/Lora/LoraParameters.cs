using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>A and B of one parameter of a module, such as the fused weights of all experts. The keys do not tell which parameter.</summary>
/// <param name="Depth">0 for the outermost wrapper of the module, 1 for the next.</param>
/// <param name="A"><c>[r·experts, in]</c>, expert by expert.</param>
/// <param name="B"><c>[out, r·experts]</c>.</param>
internal sealed record LoraParameterPair(int Depth, StoredTensor A, StoredTensor B);

/// <summary>The pairs of one module's <c>target_parameters</c>: finds out which parameter a pair is for, and which way its product lies.</summary>
/// <param name="Path">Path of the module that holds the parameters.</param>
/// <param name="Config">The adapter's configuration, with its rule of patterns.</param>
/// <param name="Pairs">The pairs, the outermost wrapper first.</param>
/// <remarks>
/// PEFT, <c>ParamWrapper</c>. The keys name no parameter: wrappers nest in the order in which the module registers its parameters, the last one outermost.
/// </remarks>
internal sealed record LoraParameters(string Path, LoraConfig Config, ImmutableArray<LoraParameterPair> Pairs) : AdaptedModule(Path)
{
    /// <summary>The order in which modules register their parameters.</summary>
    private static readonly string[] RegistrationOrder =
        ["weight", "gate_up_proj", "w1", "v1", "gate_up_proj_bias", "up_proj", "down_proj", "w2", "down_proj_bias"];

    internal override ImmutableArray<(string Name, StoredTensor Tensor)> Tensors =>
        [.. Pairs.SelectMany(pair => new[] { ("lora_A", pair.A), ("lora_B", pair.B) })];

    internal override bool IsLayer => false;

    internal override ImmutableArray<TensorChange>? ChangeTensors(AppliedAdapter by, string path)
    {
        ImmutableArray<Candidate> candidates = [.. Candidates(path, by.Base)];
        if (candidates.IsEmpty)
            return [];
        ImmutableArray<Match> matches = Assign(candidates, by.Adapter.Path);
        bool? agreed = matches.Select(match => match.IsTransposed).FirstOrDefault(way => way is not null);
        return [.. matches.SelectMany(match => Changes(match, match.IsTransposed ?? agreed ?? Assume(match, by), by))];
    }

    /// <summary>The parameters of this module that the config names and the base has, the last registered first.</summary>
    private IEnumerable<Candidate> Candidates(string path, Checkpoint checkpoint) =>
        from parameter in Config.ParametersOf(Path)
        let tensors = ExpertTensors.Find(path, parameter, checkpoint)
        where tensors is not null
        orderby Array.IndexOf(RegistrationOrder, parameter) descending
        select new Candidate($"{Path}.{parameter}", tensors);

    /// <summary>In the order of registration; where shapes do not allow that, in the only order that they allow.</summary>
    private ImmutableArray<Match> Assign(ImmutableArray<Candidate> candidates, string adapter)
    {
        if (Pairs.Length > RegistrationOrder.Length || candidates.Length > RegistrationOrder.Length)
            // No module has so many, and their orders would be countless.
            throw LoraErrors.ParameterUnknown(Path, candidates.Select(candidate => candidate.Path), Pairs.Length, adapter);
        if (Pairs.Length == candidates.Length && Pairs.Zip(candidates).All(both => Fits(both.First, both.Second)))
            return [.. Pairs.Zip(candidates, (pair, candidate) => Orient(pair, candidate))];
        ImmutableArray<ImmutableArray<Candidate>> orders = [.. Orders(Pairs, candidates).Take(2)];
        if (orders is [var order])
            return [.. Pairs.Zip(order, (pair, candidate) => Orient(pair, candidate))];
        if (candidates is [var only] && Pairs.Length == 1)
            throw MismatchOf(Pairs[0], only, adapter);
        throw LoraErrors.ParameterUnknown(Path, candidates.Select(candidate => candidate.Path), Pairs.Length, adapter);
    }

    private IEnumerable<ImmutableArray<Candidate>> Orders(ImmutableArray<LoraParameterPair> pairs, ImmutableArray<Candidate> candidates) => pairs.IsEmpty
        ? [[]]
        : from candidate in candidates
          where Fits(pairs[0], candidate)
          from rest in Orders(pairs.RemoveAt(0), candidates.Remove(candidate))
          select rest.Insert(0, candidate);

    private bool Fits(LoraParameterPair pair, Candidate candidate) =>
        RankOf(pair, candidate) is int rank
        && Config.Ranks.AlphasOf(candidate.Path, rank).Any()
        && (IsStraight(pair, candidate) || IsTransposed(pair, candidate));

    /// <summary>The rank of each expert; null where A is not as many rows for each.</summary>
    private static int? RankOf(LoraParameterPair pair, Candidate candidate) =>
        pair.A.Shape[0] % candidate.Tensors.ExpertCount == 0 && pair.A.Shape[0] / candidate.Tensors.ExpertCount is > 0 and <= int.MaxValue and var rank
            ? (int)rank
            : null;

    private LoraMergeException MismatchOf(LoraParameterPair pair, Candidate candidate, string adapter) =>
        candidate.Tensors.ExpertCount == 1 && pair.A.Shape[0] != Config.Ranks.RankOf(candidate.Path)
            ? Errors.RankMismatch("lora_A", candidate.Path, pair.A, Config.Ranks.RankOf(candidate.Path))
            : LoraErrors.ExpertShapeMismatch(pair, candidate.Path, candidate.Tensors.ShapeText, Config.Ranks.RankOf(candidate.Path), adapter);

    private static bool IsStraight(LoraParameterPair pair, Candidate candidate) =>
        pair.A.Shape[1] == candidate.Tensors.Width && pair.B.Shape[0] == candidate.Tensors.Height;

    private static bool IsTransposed(LoraParameterPair pair, Candidate candidate) =>
        pair.A.Shape[1] == candidate.Tensors.Height && pair.B.Shape[0] == candidate.Tensors.Width;

    /// <summary>A matrix without experts is a linear layer; of square experts shapes do not tell the way.</summary>
    private static Match Orient(LoraParameterPair pair, Candidate candidate) => new(pair, candidate,
        candidate.Tensors.ExpertCount == 1 && IsStraight(pair, candidate) ? false : (IsStraight(pair, candidate), IsTransposed(pair, candidate)) switch
        {
            (true, false) => false,
            (false, true) => true,
            _ => null,
        });

    /// <summary>The way of a square parameter whose module has no other: what the release that wrote the file does.</summary>
    private static bool Assume(Match match, AppliedAdapter by)
    {
        // The only family of which transformers 5 says that its experts are transposed; transformers 4 says it of none.
        bool isGptOss = by.Base.Config.TextModelType == "gpt_oss";
        AdapterOrigin origin = by.Origin;
        bool? known = origin switch
        {
            _ when by.Adapter.Own is LoraConfig { Trainer: LoraTrainer.MegatronBridge } => !isGptOss,
            _ when origin.Follows(LoraHistory.ParametersInputByOutput) == true => true,
            _ when origin.Follows(LoraHistory.ParametersTurnedWhereTransposed) == true => !isGptOss,
            _ when !isGptOss && origin.Follows(LoraHistory.ParametersOutputByInput) == true => false,
            _ => null,
        };
        bool taken = known ?? isGptOss;
        if (known is null)
            by.Notes.Add(LoraNotes.ExpertOrientationAssumed(match.Candidate.Path, taken, by.Adapter.Path));
        return taken;
    }

    private IEnumerable<TensorChange> Changes(Match match, bool isTransposed, AppliedAdapter by)
    {
        (LoraParameterPair pair, Candidate candidate, _) = match;
        int rank = RankOf(pair, candidate)!.Value;
        double[] alphas = [.. Config.Ranks.AlphasOf(candidate.Path, rank).Distinct()];
        if (alphas.Length > 1)
            by.Notes.Add(Notes.PatternOrderAmbiguous(candidate.Path, alphas, by.Adapter.Path));
        double scaling = Config.ScalingOf(candidate.Path, rank) * by.Weight;
        ExpertTensors tensors = candidate.Tensors;
        ExpertLayout layout = ExpertLayoutChoice.Of(Config, by, isOne: tensors.ExpertCount == 1 || rank == 1, HasOutputsInA(match, by));
        bool areInTurns = HalvesInTurns.Are(Config.Trainer, candidate.Path, by.Base) && tensors.Width % 2 == 0 && pair.A.Shape[1] == tensors.Width;
        if (areInTurns)
            by.Note(LoraNotes.HalvesPutInTurns(by.Adapter.Path));
        return tensors.Parts.Select(part => new TensorChange(
            part.Name,
            new ExpertsChange(
                by.Index,
                candidate.Path,
                areInTurns ? HalvesInTurns.OfColumns(pair.A) : pair.A,
                pair.B,
                scaling,
                new ExpertSlice(tensors.ExpertCount, part.Expert, part.FirstRow, part.RowCount, isTransposed, layout)
            )
        ));
    }

    /// <summary>Whether a pair's product is input by output: outputs are the hidden state's of what projects down, the others' inputs are. Both where that
    /// does not tell.</summary>
    private static bool HasOutputsInA(Match match, AppliedAdapter by)
    {
        if (by.Base.Config.PartOf(match.Candidate.Tensors.Parts[0].Name).Number("hidden_size") is not double hidden)
            return true;
        bool projectsDown = match.Candidate.Path.EndsWith(".down_proj", StringComparison.Ordinal);
        (long inA, long inB) = (match.Pair.A.Shape[1], match.Pair.B.Shape[0]);
        return inA == inB || (projectsDown ? inA : inB) == hidden;
    }

    /// <summary>A parameter that a pair may be for; its path is the one that patterns of rank and alpha match.</summary>
    private sealed record Candidate(string Path, ExpertTensors Tensors);

    /// <summary>A pair with its parameter, and the way of its product where shapes tell it.</summary>
    private sealed record Match(LoraParameterPair Pair, Candidate Candidate, bool? IsTransposed);
}
