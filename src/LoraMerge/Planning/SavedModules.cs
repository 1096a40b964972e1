using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Architectures;

namespace LoraMerge.Planning;

/// <summary>Which modules an adapter says that it trained whole, and which of them a base may lack.</summary>
internal static class SavedModules
{
    /// <summary>Modules that models for a task have on top of a bare one, whose files lack them.</summary>
    private static readonly ImmutableArray<string> KnownHeads =
        ["classifier", "score", "qa_outputs", "pre_classifier", "classification_head", "pooler", "head", "heads", "summary", "logits_proj", "custom_text_proj"];

    /// <summary>Whether the base's files may be expected to lack it.</summary>
    public static bool IsKnownHead(string module) => VocabularyNames.IsHead(module) || module.Split('.').Any(KnownHeads.Contains);

    /// <summary>Whether the configuration names a module, or its task.</summary>
    public static bool IsNamed(string module, AdapterConfig config) =>
        config.ModulesToSave.Any(entry => entry.Length > 0
            && (module.Split('.').Any(part => part == entry) || module.EndsWith(entry, StringComparison.Ordinal)))
        || module.Split('.').Intersect(TaskHeads(config.TaskType)).Any();

    /// <summary>Where in a path the module begins that was trained whole: a part of it is called as the configuration says.</summary>
    public static int StartOf(string module, AdapterConfig config)
    {
        string path = $".{module}.";
        foreach (string entry in config.ModulesToSave.Concat(TaskHeads(config.TaskType)))
        {
            if (path.LastIndexOf($".{entry}.", StringComparison.Ordinal) is >= 0 and int place)
                return place;
        }
        return 0;
    }

    /// <summary>Heads that PEFT saves without being told.</summary>
    private static ImmutableArray<string> TaskHeads(string? taskType) => taskType switch
    {
        "SEQ_CLS" or "TOKEN_CLS" => ["classifier", "score"],
        "QUESTION_ANS" => ["qa_outputs"],
        _ => [],
    };
}
