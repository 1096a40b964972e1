using System.Globalization;
using LoraMerge.Adapters;

namespace LoraMerge.Diagnostics;

/// <summary>Makes everything that is said without stopping a merge.</summary>
internal static class Notes
{
    public static MergeEvent.Warning AdapterConfigFieldUnknown(string field, string adapter) =>
        new(DiagnosticCode.AdapterConfigFieldUnknown, $"adapter_config.json of '{adapter}' has the field \"{field}\", which this release does not know. If it changes what was trained, the merged model is not that model.", adapter);

    /// <summary>No warning: this is what nearly all do with QLoRA adapters, and nothing is to be changed.</summary>
    public static MergeEvent.Information AdapterTrainedOnQuantizedBase(string name, string checkpoint, string adapter) =>
        new($"Adapter '{adapter}' was trained on the quantised '{name}'. It is merged into the full-precision '{checkpoint}', as is usual; the result differs slightly from what was trained.");

    public static MergeEvent.Warning PatternOrderAmbiguous(string module, IEnumerable<double> alphas, string adapter) =>
        new(DiagnosticCode.PatternOrderAmbiguous, string.Create(CultureInfo.InvariantCulture, $"Several keys of \"alpha_pattern\" of adapter '{adapter}' match '{module}', with alpha {string.Join(" and ", alphas.Select(alpha => alpha.ToString(CultureInfo.InvariantCulture)))}. PEFT sorts the keys when it saves them, so the order of training is lost; the first in the file is taken. To choose, leave one key for this module in adapter_config.json."), adapter);

    public static MergeEvent.Warning TensorUnmatched(string tensor, string adapter, string checkpoint) =>
        new(DiagnosticCode.TensorUnused, $"Tensor '{tensor}' of adapter '{adapter}' has no place in '{checkpoint}' and is left out, as LoraMergeOnUnmatched asks.", adapter);

    public static MergeEvent.Warning TensorIsNew(string tensor, string hint, string adapter, string checkpoint) =>
        new(DiagnosticCode.TensorIsNew,
            $"Adapter '{adapter}' trained '{tensor}' whole, which '{checkpoint}' has not: it is a new tensor of the merged model. {hint}If the class that the "
            + "model is loaded with has no module of that name, nobody loads it; merge into the base that the adapter was trained on.", adapter);

    public static MergeEvent.Warning TrainedTokensScaleAssumed(string module, double scale, AdapterOrigin origin, string adapter) =>
        new(DiagnosticCode.TrainedTokensScaleAssumed, string.Create(CultureInfo.InvariantCulture, $"Adapter '{adapter}' holds trained tokens of '{module}', whose rows the base multiplies by {scale:0.###}; PEFT 0.15 to 0.17 trained such a model without that factor on any row. Its adapter_config.json does not tell which release wrote it ({origin.Evidence}); the rows are taken as later releases trained them. To choose, set AdapterVersion of the adapter to the release of PEFT that it was trained with."), adapter);

    public static MergeEvent.Information TensorsIgnored(IReadOnlyList<string> tensors, string adapter) =>
        new($"Adapter '{adapter}': {tensors.Count} tensors that only training needs, or second copies, are left out, such as '{tensors[0]}'.");

    /// <summary>No warning: most are pictures, or notes of whoever fetched the model.</summary>
    public static MergeEvent.Information FilesLeftOut(IReadOnlyList<string> names)
    {
        const int most = 8;
        string more = names.Count > most ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - most} more") : "";
        return new($"Not in the merged model, as they are no part of one: {string.Join(", ", names.Take(most))}{more}.");
    }

    public static MergeEvent.Warning SideFileClash(string file, string first, string second) =>
        new(DiagnosticCode.SideFileClash, $"Adapters '{first}' and '{second}' bring different '{file}'; the merged model has the one of '{second}'.", second);

    public static MergeEvent.Warning AlphaAmbiguous(string module, string rule, double alpha, string otherRule, double otherAlpha, AdapterOrigin origin, string adapter) =>
        new(DiagnosticCode.AlphaAmbiguous, string.Create(CultureInfo.InvariantCulture, $"Adapter '{adapter}' gave '{module}' alpha {alpha} if it was trained with {rule}, but {otherAlpha} with {otherRule}. Its adapter_config.json does not tell ({origin.Evidence}); {rule} is taken. To choose, set AdapterVersion of the adapter to the release of PEFT that it was trained with."), adapter);

    public static MergeEvent.Warning MlxScaleAmbiguous(double scaling, double other, string adapter) =>
        new(DiagnosticCode.MlxScaleAmbiguous, string.Create(CultureInfo.InvariantCulture, $"Adapter '{adapter}' was trained with factor {scaling} by mlx_lm 0.14.2 and later, but with {other} (times alpha / rank) before, and its adapter_config.json does not tell which. {scaling} is taken. To choose, set AdapterVersion of the adapter to the release of mlx_lm that it was trained with."), adapter);

    public static MergeEvent.Warning AdapterReleaseContradicted(AdapterOrigin dated, string asked, string adapter) =>
        new(DiagnosticCode.AdapterReleaseContradicted, $"AdapterVersion of '{adapter}' is {asked}, but its adapter_config.json was written by {dated} ({dated.Evidence}). AdapterVersion is followed; check it.", adapter);

    public static MergeEvent.Warning TrainedBiasesLost(string module, string? biasMode, string adapter) =>
        new(DiagnosticCode.TrainedBiasesLost, $"Adapter '{adapter}' trained the biases of its layers (\"bias\": \"{biasMode}\"), such as that of '{module}', but they are not in its file: PEFT 0.7 to 0.20 did not save them. They cannot be recovered; the merged model keeps the base's.", adapter);

    public static MergeEvent.Warning MemoryLimitTooLow(long limit, long held) =>
        new(DiagnosticCode.MemoryLimitTooLow, $"The memory limit is {Errors.Bytes(limit)}, but this merge holds about {Errors.Bytes(held)} at least, and goes on with that. Raise LoraMergeMaxMemory (--max-memory), or leave it out.", null);

    public static MergeEvent.Warning ConfigMissing(string checkpoint) =>
        new(DiagnosticCode.ConfigMissing, $"The base model '{checkpoint}' has no config.json, so the merged model has none either, and most engines cannot open it. Fetch the file that belongs to the model into its folder.", checkpoint);

    public static MergeEvent.Warning TokenizerMissing(string checkpoint) =>
        new(DiagnosticCode.NoTokenizer, $"The base model '{checkpoint}' works on tokens, but neither it nor an adapter has a tokenizer (tokenizer.json, tokenizer.model, vocab.txt or the like), so the merged model has none either. Fetch the file that belongs to the model into its folder.", checkpoint);

    public static MergeEvent.Warning OnlyWeightsNamed(string file, string folder) =>
        new(DiagnosticCode.OnlyWeightsNamed, $"Of the model in '{folder}' only the weights in '{Path.GetFileName(file)}' are named, so the merged model has no config.json and no tokenizer. Name the folder to merge the whole model.", file);

    public static MergeEvent.Warning CombinationOptionUnused(string option, string way) =>
        new(DiagnosticCode.CombinationOptionUnused, $"The {option} changes nothing: '{way}' does not use it. Leave it out, or choose another way to combine.", null);
}
