using System.Text.RegularExpressions;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>What transformers calls the last layers of classifiers, and the classes that have them.</summary>
internal static partial class ClassifierNames
{
    /// <summary>Whether a module is the layer that gives one number for each label.</summary>
    public static bool IsClassifier(string module) => Layer.IsMatch(module);

    /// <summary>Whether a trained model is a classifier, by the adapter's task or the base's class.</summary>
    public static bool IsClassified(Adapter adapter, ModelConfig config) =>
        adapter.Config.TaskType is "SEQ_CLS" or "TOKEN_CLS" || config.Architectures.Any(IsClassifierClass);

    public static bool IsClassifierClass(string name) => ClassName.IsMatch(name);

    /// <summary>The class of the same family for a task; null where it is not known.</summary>
    /// <param name="name">The base's class, such as <c>LlamaForCausalLM</c>.</param>
    /// <param name="taskType">PEFT's name of the task.</param>
    public static string? ClassOf(string name, string? taskType) =>
        Family.Match(name) is not { Success: true } match ? null : taskType switch
        {
            "SEQ_CLS" => match.Groups["family"].Value + "ForSequenceClassification",
            "TOKEN_CLS" => match.Groups["family"].Value + "ForTokenClassification",
            _ => null,
        };

    [GeneratedRegex(
        @"^(.+\.)?(classifier|score|classifier\.out_proj|classification_head\.out_proj|classification_head|logits_proj|head|fc|cls_classifier)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Layer { get; }

    [GeneratedRegex(@"Classification(WithTeacher)?$|ForMultipleChoice$", RegexOptions.CultureInvariant)]
    private static partial Regex ClassName { get; }

    [GeneratedRegex(
        @"^(?<family>[A-Za-z0-9_]+?)(ForCausalLM|LMHeadModel|ForMaskedLM|ForConditionalGeneration|ForPreTraining|Model)$", RegexOptions.CultureInvariant)]
    private static partial Regex Family { get; }
}
