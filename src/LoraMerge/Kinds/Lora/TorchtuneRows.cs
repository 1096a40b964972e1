using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge.Kinds.Lora;

/// <summary>How the rows of queries and keys lie in an export of torchtune, which is not always how the base has them.</summary>
/// <param name="Heads">Number of heads.</param>
/// <param name="Size">Rows of each.</param>
/// <remarks>
/// torchtune turns the rows of a head pair by pair where transformers takes the first half with the second, and sorts the base's weights when it loads them.
/// <c>tune_to_peft_adapter_weights</c> sorts lora_B back, of q_proj and k_proj of every family: that of Qwen 2 and 3 too, which torchtune trains as the files
/// have it. DoRA's magnitudes it leaves in its own order, also where lora_B is sorted.
/// </remarks>
internal sealed record TorchtuneRows(long Heads, long Size)
{
    /// <summary>Families that torchtune trains with transformers' order of rows.</summary>
    private static readonly string[] InOrder = ["qwen2", "qwen3"];

    /// <summary>Whether the family is one whose lora_B is sorted for nothing; else the magnitudes are those that are not sorted.</summary>
    public static bool AreOfB(ModuleTarget weight) => InOrder.Contains(PartOf(weight).ModelType);

    /// <summary>Whether torchtune has an order of its own for a module's rows.</summary>
    public static bool Concern(string module) => HeadsField(module) is not null;

    /// <summary>The heads of a module; null where config.json does not tell them.</summary>
    /// <param name="module">The module.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="weight">Its weight.</param>
    public static TorchtuneRows? Of(string module, long rows, ModuleTarget weight)
    {
        ConfigPart part = PartOf(weight);
        double? heads = part.Number(HeadsField(module)!) ?? part.Number("num_attention_heads");
        return heads is >= 1 && heads <= rows && rows % (long)heads == 0 && rows / (long)heads is var size && size % 2 == 0
            ? new TorchtuneRows((long)heads, size) : null;
    }

    /// <summary>Rows that were sorted for nothing, put back: the first half of a head's are the even ones.</summary>
    public StoredTensor PutBack(StoredTensor b) =>
        b with { Shape = [Heads, Size / 2, 2, b.Shape[1]], Strides = [Size * b.StrideOf(0), b.StrideOf(0), Size / 2 * b.StrideOf(0), b.StrideOf(1)] };

    /// <summary>Numbers of rows that were not sorted, sorted: the even ones come first.</summary>
    public StoredTensor Sorted(StoredTensor magnitude) =>
        magnitude with { Shape = [Heads, 2, Size / 2], Strides = [Size * magnitude.StrideOf(0), magnitude.StrideOf(0), 2 * magnitude.StrideOf(0)] };

    private static ConfigPart PartOf(ModuleTarget weight) => weight.By.Base.Config.PartOf(weight.Source.Name);

    private static string? HeadsField(string module) => module[(module.LastIndexOf('.') + 1)..] switch
    {
        "q_proj" => "num_attention_heads",
        "k_proj" => "num_key_value_heads",
        _ => null,
    };
}
