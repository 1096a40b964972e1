using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>Finds out in which order an adapter's columns of B lie for fused experts.</summary>
/// <remarks>
/// PEFT, and all who read its files, take them rank by rank. unsloth's own forward pass took them expert by expert until September 2026; since then it reads
/// them as PEFT does, and writes <c>lora_B_layout</c> (unsloth-zoo, pull requests 1232 and 1269). Names and shapes are the same either way.
/// <para>Megatron-Bridge's export strings the experts' factors together, one behind the other, with A and B in each other's place, as PEFT 0.17 and 0.18
/// trained them (<c>_pack_target_parameter_adapter_weights</c>, as of August 2026). A pair the other way round is of a later export.</para>
/// </remarks>
internal static class ExpertLayoutChoice
{
    /// <summary>unsloth's words for the two orders.</summary>
    private const string RankByRank = "rank_major", ExpertByExpert = "grouped_by_expert";

    /// <summary>The order that a file states; null where it does not.</summary>
    /// <exception cref="LoraMergeException">LORA3002: it states another one.</exception>
    public static ExpertLayout? Stated(ConfigFields fields) => fields.Text("lora_B_layout") switch
    {
        null => null,
        RankByRank => ExpertLayout.Peft,
        ExpertByExpert => ExpertLayout.Unsloth,
        var other => throw fields.Invalid($"\"lora_B_layout\" is \"{other}\", but {RankByRank} or {ExpertByExpert} is expected"),
    };

    /// <summary>The order of one merge: what was asked for, else what the file says, else what it shows of the library that trained it.</summary>
    /// <param name="config">The adapter's configuration.</param>
    /// <param name="by">The adapter.</param>
    /// <param name="isOne">Whether both orders are one: there is one expert, or one rank.</param>
    /// <param name="hasOutputsInA">Whether A is what the outputs are made of, and B takes the inputs.</param>
    public static ExpertLayout Of(LoraConfig config, AppliedAdapter by, bool isOne, bool hasOutputsInA)
    {
        if (by.ExpertLayout is ExpertLayout asked)
        {
            if (!isOne && config.StatedExpertLayout is ExpertLayout stated && stated != asked)
                by.Note(LoraNotes.ExpertLayoutContradicted(asked, by.Adapter.Path));
            return asked;
        }
        if (isOne || config.StatedExpertLayout is not null)
            return config.StatedExpertLayout ?? ExpertLayout.Peft;
        bool isOfUnslothsBase = by.Adapter.Config.BaseModelName?.StartsWith("unsloth/", StringComparison.OrdinalIgnoreCase) == true;
        ExpertLayout taken = config.Trainer == LoraTrainer.Unsloth || (config.Trainer == LoraTrainer.MegatronBridge && hasOutputsInA)
            ? ExpertLayout.Unsloth : ExpertLayout.Peft;
        if (config.Trainer == LoraTrainer.MegatronBridge)
            by.Note(LoraNotes.ExpertLayoutOfExport(taken, by.Adapter.Path));
        else if (config.Trainer == LoraTrainer.Unsloth || isOfUnslothsBase)
            by.Note(LoraNotes.ExpertLayoutAssumed(taken, by.Adapter.Path));
        return taken;
    }
}
