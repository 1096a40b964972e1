using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Planning;

/// <summary>Plans the changes of one adapter's <c>target_parameters</c>: finds out which parameter a pair is for, and which way its product lies.</summary>
/// <remarks>PEFT, <c>ParamWrapper</c>. The keys name no parameter: wrappers nest in the order in which the module registers its parameters, the last one outermost.</remarks>
internal sealed class ExpertPlanner(PlanDraft draft, int index, Adapter adapter, double weight, ExpertLayout layout)
{
    /// <summary>The order in which modules register their parameters.</summary>
    private static readonly string[] RegistrationOrder = ["weight", "gate_up_proj", "w1", "v1", "gate_up_proj_bias", "down_proj", "w2", "down_proj_bias"];

    /// <param name="pairs">The pairs of one module, the outermost wrapper first.</param>
    /// <param name="path">The module's path in the base's files.</param>
    /// <exception cref="LoraMergeException">LORA3004, 3031, 4003, 4006, 4022.</exception>
    public void Add(ImmutableArray<AdapterParameter> pairs, string path)
    {
        ImmutableArray<Candidate> candidates = [.. Candidates(pairs[0].Module, path)];
        if (candidates.IsEmpty)
        {
            draft.LeaveOut(adapter, pairs[0].A);
            return;
        }
        ImmutableArray<Match> matches = Assign(pairs, candidates);
        bool? agreed = matches.Select(match => match.IsTransposed).FirstOrDefault(way => way is not null);
        foreach (Match match in matches)
            Add(match, match.IsTransposed ?? agreed ?? Assume(match));
    }

    /// <summary>The parameters of this module that the config names and the base has, the last registered first.</summary>
    private IEnumerable<Candidate> Candidates(string module, string path) =>
        from parameter in adapter.Config.ParametersOf(module)
        let tensors = ExpertTensors.Find(path, parameter, draft.Checkpoint)
        where tensors is not null
        orderby Array.IndexOf(RegistrationOrder, parameter) descending
        select new Candidate($"{module}.{parameter}", tensors);

    /// <summary>In the order of registration; where shapes do not allow that, in the only order that they allow.</summary>
    private ImmutableArray<Match> Assign(ImmutableArray<AdapterParameter> pairs, ImmutableArray<Candidate> candidates)
    {
        if (pairs.Length == candidates.Length && pairs.Zip(candidates).All(both => Fits(both.First, both.Second)))
            return [.. pairs.Zip(candidates, (pair, candidate) => Orient(pair, candidate))];
        ImmutableArray<ImmutableArray<Candidate>> orders = [.. Orders(pairs, candidates)];
        if (orders is [var order])
            return [.. pairs.Zip(order, (pair, candidate) => Orient(pair, candidate))];
        if (candidates is [var only] && pairs.Length == 1)
            throw MismatchOf(pairs[0], only);
        throw Errors.ParameterUnknown(pairs[0].Module, candidates.Select(candidate => candidate.Path), pairs.Length, adapter.Path);
    }

    private IEnumerable<ImmutableArray<Candidate>> Orders(ImmutableArray<AdapterParameter> pairs, ImmutableArray<Candidate> candidates) => pairs.IsEmpty
        ? [[]]
        : from candidate in candidates
          where Fits(pairs[0], candidate)
          from rest in Orders(pairs.RemoveAt(0), candidates.Remove(candidate))
          select rest.Insert(0, candidate);

    private bool Fits(AdapterParameter pair, Candidate candidate) =>
        RankOf(pair, candidate) is int rank && adapter.Config.AlphasOf(candidate.Path, rank).Any() && (IsStraight(pair, candidate) || IsTransposed(pair, candidate));

    /// <summary>The rank of each expert; null where A is not as many rows for each.</summary>
    private static int? RankOf(AdapterParameter pair, Candidate candidate) =>
        pair.A.Shape[0] % candidate.Tensors.ExpertCount == 0 && pair.A.Shape[0] / candidate.Tensors.ExpertCount is > 0 and <= int.MaxValue and var rank ? (int)rank : null;

    private LoraMergeException MismatchOf(AdapterParameter pair, Candidate candidate) =>
        candidate.Tensors.ExpertCount == 1 && pair.A.Shape[0] != adapter.Config.RankOf(candidate.Path)
            ? Errors.RankMismatch(candidate.Path, pair.A, adapter.Config.RankOf(candidate.Path))
            : Errors.ExpertShapeMismatch(pair, candidate.Path, candidate.Tensors.ShapeText, adapter.Config.RankOf(candidate.Path), adapter.Path);

    private static bool IsStraight(AdapterParameter pair, Candidate candidate) => pair.A.Shape[1] == candidate.Tensors.Width && pair.B.Shape[0] == candidate.Tensors.Height;

    private static bool IsTransposed(AdapterParameter pair, Candidate candidate) => pair.A.Shape[1] == candidate.Tensors.Height && pair.B.Shape[0] == candidate.Tensors.Width;

    /// <summary>A matrix without experts is a linear layer; of square experts shapes do not tell the way.</summary>
    private static Match Orient(AdapterParameter pair, Candidate candidate) => new(pair, candidate,
        candidate.Tensors.ExpertCount == 1 && IsStraight(pair, candidate) ? false : (IsStraight(pair, candidate), IsTransposed(pair, candidate)) switch
        {
            (true, false) => false,
            (false, true) => true,
            _ => null,
        });

    /// <summary>The way of a square parameter whose module has no other: what the release that wrote the file does.</summary>
    private bool Assume(Match match)
    {
        // The only family of which transformers 5 says that its experts are transposed; transformers 4 says it of none.
        bool isGptOss = draft.Checkpoint.Config.ModelType == "gpt_oss";
        AdapterOrigin origin = adapter.Config.Origin;
        bool? known = origin switch
        {
            _ when origin.Follows(PeftHistory.ParametersInputByOutput) == true => true,
            _ when origin.Follows(PeftHistory.ParametersTurnedWhereTransposed) == true => !isGptOss,
            _ when !isGptOss && origin.Follows(PeftHistory.ParametersOutputByInput) == true => false,
            _ => null,
        };
        bool taken = known ?? isGptOss;
        if (known is null)
            draft.Notes.Add(Notes.ExpertOrientationAssumed(match.Candidate.Path, taken, adapter.Path));
        return taken;
    }

    private void Add(Match match, bool isTransposed)
    {
        (AdapterParameter pair, Candidate candidate, _) = match;
        int rank = RankOf(pair, candidate)!.Value;
        double[] alphas = [.. adapter.Config.AlphasOf(candidate.Path, rank).Distinct()];
        if (alphas.Length > 1)
            draft.Notes.Add(Notes.PatternOrderAmbiguous(candidate.Path, alphas, adapter.Path));
        double scaling = adapter.Config.ScalingOf(candidate.Path, rank) * weight;
        ExpertTensors tensors = candidate.Tensors;
        foreach (ExpertTensors.Part part in tensors.Parts)
        {
            draft.Target(part.Name, adapter)!.Add(new PlannedDelta.Experts(
                index, candidate.Path, pair.A, pair.B, scaling, new ExpertSlice(tensors.ExpertCount, part.Expert, part.FirstRow, part.RowCount, isTransposed, layout)));
        }
    }

    /// <summary>A parameter that a pair may be for; its path is the one that patterns of rank and alpha match.</summary>
    private sealed record Candidate(string Path, ExpertTensors Tensors);

    /// <summary>A pair with its parameter, and the way of its product where shapes tell it.</summary>
    private sealed record Match(AdapterParameter Pair, Candidate Candidate, bool? IsTransposed);
}
