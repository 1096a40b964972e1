using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Dialects.Peft;

/// <summary>The weight files of a PEFT adapter: one, or several, and those of what was trained beside it.</summary>
internal static class PeftWeights
{
    /// <summary>What vLLM calls the rows of tokens that it adds to a vocabulary.</summary>
    private static readonly string[] NewRows = ["input_embeddings", "output_embeddings"];

    /// <exception cref="LoraMergeException">LORA2xxx, LORA3003, LORA3100, LORA3101.</exception>
    public static IEnumerable<Shard> Read(AdapterSource source)
    {
        Shard[] own = [.. FilesOf(source).Select(file => Shard.Read(file))];
        foreach (Shard shard in own)
            yield return shard;
        foreach (InputFile beside in source.Files.Files.Where(file => !file.IsBeside && AdapterWeights.AreTrainedBeside(file.RelativePath)))
        {
            if (source.IsFile && Path.GetFileName(source.Path) == beside.RelativePath)
                continue;
            Shard shard = Shard.Read(Path.Combine(source.Folder, beside.RelativePath));
            if (shard.Tensors.FirstOrDefault(tensor => NewRows.Contains(tensor.Name)) is StoredTensor rows)
                throw Errors.NewTokensBeside(rows);
            yield return FusedExpertLora.Named(shard, own.SelectMany(file => file.Tensors));
        }
    }

    /// <summary>The adapter's own, in order.</summary>
    /// <exception cref="LoraMergeException">LORA2004, LORA2006, LORA2045, LORA3003, LORA3101.</exception>
    public static IReadOnlyList<string> FilesOf(AdapterSource source)
    {
        if (source.IsFile)
            return [source.Path];
        if (source.FindFile(DialectFiles.Peft.Weights) is string only)
            return [only];
        if (source.FindFile([AdapterWeights.Index, AdapterWeights.PickleIndex]) is string index)
            return Found(source, [.. CheckpointIndex.Read(index).ShardOf.Values.Distinct().Order(StringComparer.Ordinal)]);
        return source.Files.Files.FirstOrDefault(file => AdapterWeights.IsShard(file.RelativePath)) is InputFile first
            ? Found(source, NamesOfAll(first.RelativePath))
            : throw Errors.AdapterWeightsMissing(source.Folder, string.Join(" or ", DialectFiles.Peft.Weights));
    }

    /// <summary>
    /// All names of a numbered series, by one of them: <c>adapter_model-00001-of-00003.safetensors</c>. One that is numbered otherwise stands alone.
    /// </summary>
    private static IReadOnlyList<string> NamesOfAll(string name)
    {
        const int most = 10_000;
        string stem = Path.GetFileNameWithoutExtension(name);
        string[] parts = stem.Split('-');
        if (parts is not [string head, string number, "of", string total]
            || !int.TryParse(total, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is 0 or > most)
            return [name];
        string NumberOf(int i) => i.ToString(CultureInfo.InvariantCulture).PadLeft(number.Length, '0');
        return [.. Enumerable.Range(1, count).Select(i => $"{head}-{NumberOf(i)}-of-{total}{Path.GetExtension(name)}")];
    }

    private static string[] Found(AdapterSource source, IReadOnlyList<string> names) =>
    [
        .. names.Select(name => (AdapterWeights.IsShard(name) ? source.FindFile([name]) : null)
            ?? throw Errors.AdapterShardMissing(source.Folder, name, names.Count)),
    ];
}
