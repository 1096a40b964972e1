namespace LoraMerge.Adapters;

/// <summary>Order of the columns of lora_B for fused experts.</summary>
public enum ExpertLayout
{
    /// <summary>All experts of rank 0, then of rank 1, …: PEFT.</summary>
    Peft,

    /// <summary>All ranks of expert 0, then of expert 1, …: unsloth.</summary>
    Unsloth,
}

/// <summary>The layouts as options and manifests write them.</summary>
public static class ExpertLayouts
{
    /// <summary><c>peft</c> or <c>unsloth</c>.</summary>
    public static string NameOf(ExpertLayout layout) => layout == ExpertLayout.Unsloth ? "unsloth" : "peft";

    /// <summary>Reads <c>peft</c> or <c>unsloth</c>.</summary>
    public static bool TryParse(string text, out ExpertLayout layout)
    {
        layout = text == "unsloth" ? ExpertLayout.Unsloth : ExpertLayout.Peft;
        return text is "peft" or "unsloth";
    }
}
