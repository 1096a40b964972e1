namespace LoraMerge.Architectures.Names;

/// <summary>Where the model that was trained lies within the model that the base's files hold, or the reverse: one leading path in place of another.</summary>
/// <param name="Trained">Leading path of the adapter's names, with its dot; empty for none.</param>
/// <param name="InBase">What stands in its place in the base; empty for none.</param>
internal sealed record NameScope(string Trained, string InBase)
{
    /// <summary>The same model.</summary>
    public static NameScope Same { get; } = new("", "");

    /// <summary>What a printed plan calls it.</summary>
    public string Description => (Trained, InBase) switch
    {
        ("", "") => "as written",
        ("", _) => $"with '{InBase}'",
        (_, "") => $"without '{Trained}'",
        _ => $"'{Trained}' as '{InBase}'",
    };

    /// <summary>Words for a model as such, with what wraps one: in their place another may stand.</summary>
    private static readonly string[] Wrappers = ["model", "transformer", "backbone", "base_model", "pretrained_model", "auto_model", "module", "gpt_neox", "0"];

    /// <summary>Whether one path is the other with a model around it or inside it: never one part of a model in place of another.</summary>
    public bool IsAddition
    {
        get
        {
            List<string> trained = [.. Parts(Trained)], inBase = [.. Parts(InBase)];
            foreach (string part in trained.ToArray())
            {
                if (inBase.Remove(part))
                    trained.Remove(part);
            }
            return trained.All(Wrappers.Contains) || inBase.All(Wrappers.Contains);
        }
    }

    private static string[] Parts(string path) => path.Split('.', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The name as it is in the base's model; null where the scope says nothing of it.</summary>
    public string? Apply(string name) => name.StartsWith(Trained, StringComparison.Ordinal) ? InBase + name[Trained.Length..] : null;
}
