using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LoraMerge.Architectures;
using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>What compressed-tensors says of the weights of one module: <c>config_groups</c> with <c>targets</c>.</summary>
internal static class WeightSettings
{
    private const string Expression = "re:";

    /// <summary>As transformers and vLLM read it: a module's own name or an expression before the class of all.</summary>
    /// <param name="config">All that is said.</param>
    /// <param name="tensor">The tensor of the module.</param>
    /// <returns>The object <c>weights</c> of the group; null where none is of the module.</returns>
    public static JsonObject? Of(QuantizationConfig config, string tensor)
    {
        if (config.Json["config_groups"] is not JsonObject groups)
            return null;
        string module = tensor[..Math.Max(tensor.LastIndexOf('.'), 0)];
        JsonObject[] all = [.. groups.Select(group => group.Value).OfType<JsonObject>()];
        JsonObject? found = all.FirstOrDefault(group => TargetsOf(group).Any(target => Names(target, module)))
            ?? all.FirstOrDefault(group => TargetsOf(group).Any(target => IsClass(target) && IsOfEmbeddings(target) == VocabularyNames.IsEmbedding(module)))
            ?? all.FirstOrDefault(group => TargetsOf(group).Any(IsClass))
            ?? (all is [var only] ? only : null);
        return found?["weights"] as JsonObject;
    }

    /// <summary>Zero points, and the group of each column, which the settings say whether there are.</summary>
    /// <param name="weights">The settings; null where nobody says any.</param>
    /// <param name="check">Holds the parts to what they must be.</param>
    /// <param name="name">Name of the weight.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA2100.</exception>
    public static (StoredTensor? ZeroPoints, StoredTensor? Groups) PartsOf(JsonObject? weights, PartCheck check, string name)
    {
        StoredTensor? zeroPoints = check.Reading.Find(name + "_zero_point"), groups = check.Reading.Find(name + "_g_idx");
        bool isAsymmetric = weights?["symmetric"] is JsonValue symmetric && symmetric.TryGetValue(out bool flag) && !flag;
        bool isReordered = weights is not null && QuantizationConfig.TextOf(weights, "actorder") is "group" or "dynamic";
        return (
            zeroPoints ?? (isAsymmetric ? check.Needed(name + "_zero_point") : null),
            groups ?? (isReordered ? check.Needed(name + "_g_idx") : null));
    }

    private static bool IsClass(string target) => !target.StartsWith(Expression, StringComparison.Ordinal) && !target.Contains('.');

    /// <summary>Classes stand in no file; by their names modules tell whether they are an embedding.</summary>
    private static bool IsOfEmbeddings(string classOfModules) => classOfModules.EndsWith("Embedding", StringComparison.Ordinal);

    private static IEnumerable<string> TargetsOf(JsonObject group) =>
        (group["targets"] as JsonArray ?? []).OfType<JsonValue>().Select(target => target.TryGetValue(out string? text) ? text : "");

    private static bool Names(string target, string module)
    {
        if (!target.StartsWith(Expression, StringComparison.Ordinal))
            return target == module;
        try
        {
            // From the start, as Python's match; in a time that grows with the text, whatever the expression.
            return Regex.IsMatch(module, $"^(?:{target[Expression.Length..]})", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
