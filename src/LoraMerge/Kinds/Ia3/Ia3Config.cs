using System.Collections.Immutable;
using System.Text.RegularExpressions;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Ia3;

/// <param name="FeedForward">Ends of the names of modules whose inputs are multiplied.</param>
/// <param name="FeedForwardPattern">A regular expression for their whole names, where the file has one instead.</param>
internal sealed record Ia3Config(ImmutableArray<string> FeedForward, ModulePattern<bool>? FeedForwardPattern) : KindConfig
{
    /// <remarks>The shape of a linear layer's factors tells which side they belong to; that of a convolution's does not.</remarks>
    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor factors = tensors.Needed(Ia3Kind.Factors);
        bool isOfInputs = factors.Shape.Length == 2 && factors.Shape[0] != factors.Shape[1] ? factors.Shape[0] == 1 : IsFeedForward(tensors.Name);
        return new Ia3Module(tensors.Name, factors, isOfInputs);
    }

    private bool IsFeedForward(string module) => FeedForwardPattern is { } pattern
        ? Regex.IsMatch(module, $@"\A(?:{ModulePattern.FromPython(pattern.Key)})\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))
        : FeedForward.Any(end => module.EndsWith(end, StringComparison.Ordinal));
}
