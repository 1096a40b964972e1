using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Miss;

/// <summary>What the configuration of a MiSS or Bone adapter says.</summary>
/// <param name="Block">The kind's tensor.</param>
/// <param name="Form">What becomes of the block.</param>
/// <param name="Rank">r.</param>
/// <param name="SmallRank"><c>mini_r</c>.</param>
internal sealed record MissConfig(TensorRole Block, MissForm Form, int Rank, int SmallRank) : KindConfig
{
    internal override int? LargestRank => Rank;

    public static MissConfig Read(ConfigFields fields, TensorRole block) => new(block, FormOf(fields), fields.Rank("r"), fields.Integer("mini_r") ?? 1);

    internal override AdaptedModule ReadModule(ModuleTensors tensors)
    {
        StoredTensor block = tensors.Needed(Block);
        bool fits = Form switch
        {
            MissForm.Mixed => block.Shape is [_, var rows, var columns] && rows == Rank && columns == Rank,
            MissForm.Small => block.Shape is [var rows, var columns] && rows == Rank && columns == SmallRank,
            _ => block.Shape is [var rows, _] && rows == Rank,
        };
        return fits ? new MissModule(tensors.Name, Block.Name, block, Form) : throw Errors.RankMismatch(Block.Name, tensors.Name, block, Rank);
    }

    /// <summary><c>init_weights</c>, which names a formula where it is a text.</summary>
    private static MissForm FormOf(ConfigFields fields) => fields.Json["init_weights"] switch
    {
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => MissForm.Repeated,
        null => MissForm.Repeated,
        JsonValue value when value.TryGetValue(out string? text) && text == "bat" => MissForm.Mixed,
        JsonValue value when value.TryGetValue(out string? text) && text == "mini" => MissForm.Small,
        var other => throw fields.Invalid($"\"init_weights\" is {JsonFile.TextOf(other)}, but true, false, \"bat\" or \"mini\" is expected"),
    };
}
