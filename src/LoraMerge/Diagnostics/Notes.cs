using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;

namespace LoraMerge.Diagnostics;

/// <summary>Makes everything that is said without stopping a merge.</summary>
internal static class Notes
{
    public static MergeEvent.Warning AdapterConfigFieldUnknown(string field, string adapter) =>
        new(
            DiagnosticCode.AdapterConfigFieldUnknown,
            $"adapter_config.json of '{adapter}' has the field \"{field}\", which this release does not know. If it changes what was trained, the merged "
                + "model is not that model.",
            adapter
        );

    /// <summary>No warning: this is what nearly all do with QLoRA adapters, and nothing is to be changed.</summary>
    public static MergeEvent.Information AdapterTrainedOnQuantizedBase(string name, string checkpoint, string adapter) =>
        new(
            $"Adapter '{adapter}' was trained on the quantised '{name}'. It is merged into the full-precision '{checkpoint}', as is usual; the result "
                + "differs slightly from what was trained. To merge into exactly what was trained, name the quantised model itself as the base."
        );

    /// <summary>Said once, as every tensor of the base is touched by it.</summary>
    /// <param name="form">What the base is stored as.</param>
    /// <param name="dtype">What its tensors become; null where a format has types of its own.</param>
    public static MergeEvent.Information BaseIsDequantized(StoredForm form, string? dtype)
    {
        string tensors = form.TensorCount switch
        {
            0 => "tensors become", // of plain numbers all, in another form
            1 => "1 quantised tensor becomes",
            var count => string.Create(CultureInfo.InvariantCulture, $"{count} quantised tensors become"),
        };
        return new($"The base is {form.Name}; its {tensors} {dtype ?? "plain numbers"}");
    }

    public static MergeEvent.Information BaseStaysQuantized(StoredForm form, int again) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"The base is {form.Name}, and so is the merged model: {again} of its {form.TensorCount} quantised tensors {(again == 1 ? "is" : "are")} "
            + $"quantised again"));

    /// <param name="least">The smallest share of a delta that the quantised weight still has.</param>
    /// <param name="most">The largest.</param>
    /// <param name="count">Of how many weights.</param>
    public static MergeEvent.Information DeltasSurvived(double least, double most, int count) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Quantised again: {least:0.000} to {most:0.000} of each delta survived, in {count} {(count == 1 ? "tensor" : "tensors")}"));

    public static MergeEvent.Warning NothingToKeep(string baseModel) =>
        new(
            DiagnosticCode.NothingToKeep,
            $"Requantize=\"keep\" does nothing: the base '{baseModel}' is not quantised, and neither is the result. It keeps the form that a base has and "
                + "makes none. Leave it out; what makes a small file is Format=\"gguf\" with a Quantization.",
            baseModel
        );

    public static MergeEvent.Warning WeightsRoundedWhenRun(string tensor, string baseModel) =>
        new(
            DiagnosticCode.WeightsRoundedWhenRun,
            $"The base '{baseModel}' is BitNet with \"quantization_mode\": \"online\": a program that runs it rounds every weight to -1, 0 or 1 times one "
                + $"scale first. It rounds what a merge has added to '{tensor}' and others along with them, so that most of it is lost; beside the base, "
                + "the adapter was computed in full. Let the program load the adapter beside the base instead.",
            baseModel
        );

    public static MergeEvent.Warning DeltaLost(string tensor, double share, int count, double least) => new(
        DiagnosticCode.DeltaLost,
        string.Create(
            CultureInfo.InvariantCulture,
            $"In {count} {(count == 1 ? "tensor" : "tensors")} less than {least} of the delta survived the quantisation, least in '{tensor}': "
            + $"{share:0.000}. The merged model has not all that was trained. Leave Requantize (--requantize) out, and the result is plain numbers with all "
            + $"of it."),
        null);

    public static MergeEvent.Warning PatternOrderAmbiguous(string module, IEnumerable<double> alphas, string adapter) =>
        new(
            DiagnosticCode.PatternOrderAmbiguous,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Several keys of \"alpha_pattern\" of adapter '{adapter}' match '{module}', with alpha "
                    + $"{string.Join(" and ", alphas.Select(alpha => alpha.ToString(CultureInfo.InvariantCulture)))}. PEFT sorts the keys when it saves them, "
                    + $"so the order of training is lost; the first in the file is taken. To choose, leave one key for this module in adapter_config.json."
            ),
            adapter
        );

    public static MergeEvent.Warning TiedEndsDiffer(string adapter) => new(
        DiagnosticCode.TiedEndsDiffer,
        $"Adapter '{adapter}' says that embedding and output head stay one (\"ensure_weight_tying\"), but holds another change for each, or for one "
            + "alone: PEFT trains them apart on a base of 16 bits, with DoRA, and where rank_pattern or alpha_pattern names one of them, and ties nothing but "
            + "embed_tokens and lm_head. Each gets what the file holds for it, so the merged model has a head of its own (\"tie_word_embeddings\": false).",
        adapter);

    public static MergeEvent.Warning TensorUnmatched(string tensor, string adapter, string checkpoint) =>
        new(
            DiagnosticCode.TensorUnused,
            $"Tensor '{tensor}' of adapter '{adapter}' has no place in '{checkpoint}' and is left out, as LoraMergeOnUnmatched asks.",
            adapter
        );

    public static MergeEvent.Warning TensorIsNew(string tensor, string hint, string adapter, string checkpoint) =>
        new(DiagnosticCode.TensorIsNew,
            $"Adapter '{adapter}' trained '{tensor}' whole, which '{checkpoint}' does not have: it is a new tensor of the merged model. {hint}If the class "
                + "that the "
            + "model is loaded with has no module of that name, nobody loads it; merge into the base that the adapter was trained on.", adapter);

    public static MergeEvent.Warning TrainedTokensScaleAssumed(string module, double scale, AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.TrainedTokensScaleAssumed,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Adapter '{adapter}' holds trained tokens of '{module}', whose rows the base multiplies by {scale:0.###}; PEFT 0.15 to 0.17 trained such "
                    + $"a model without that factor on any row. Its adapter_config.json does not tell which release wrote it ({origin.Evidence}); the rows "
                    + $"are taken as later releases trained them. To choose, set AdapterVersion of the adapter to the release of PEFT that it was trained "
                    + $"with."
            ),
            adapter
        );

    public static MergeEvent.Information TensorsIgnored(IReadOnlyList<string> tensors, string adapter) =>
        new($"Adapter '{adapter}': {tensors.Count} tensors that only training needs, or second copies, are left out, such as '{tensors[0]}'.");

    /// <summary>No warning: most are pictures, or notes of whoever fetched the model.</summary>
    public static MergeEvent.Information FilesLeftOut(IReadOnlyList<string> names)
    {
        const int most = 8;
        string more = names.Count > most ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - most} more") : "";
        return new($"Not in the merged model, as they are no part of one: {string.Join(", ", names.Take(most))}{more}.");
    }

    public static MergeEvent.Warning BaseHoldsLooseAdapter(IReadOnlyList<string> tensors, string checkpoint) =>
        new(
            DiagnosticCode.BaseHoldsLooseAdapter,
            $"The base model '{checkpoint}' holds tensors of an adapter that is not merged into it: {tensors.Count}, such as '{tensors[0]}'. They are copied, "
                + "and whoever loads the merged model passes over them, so that what they were trained for is not in it. Merge that adapter first (PEFT's "
                + "merge_and_unload, then save_pretrained), or name the model that it was trained on.",
            checkpoint
        );

    public static MergeEvent.Warning TrainedOnReducedBase(string trained, string method, string baseModel, string adapter) => new(
        DiagnosticCode.TrainedOnReducedBase,
        $"Adapter '{adapter}' was trained on '{trained}'. By its name ('{method}') that is no published model, but what was left of one after a part of its "
            + $"weights had been taken into the adapter, or after they had been quantised for it; merged into the model as published, that part counts twice. "
            + $"Name it as the base, if '{baseModel}' is another one.",
        adapter);

    public static MergeEvent.Warning TrainedOnAdapter(string trained, string baseModel, string adapter) => new(
        DiagnosticCode.TrainedOnAdapter,
        $"Adapter '{adapter}' was trained on '{trained}', which by its name is an adapter itself, or a save of a training: what that had learned was in the "
            + $"model, and has to be in the base. If it is not in '{baseModel}', name it as the first LoraAdapter, before this one.",
        adapter);

    public static MergeEvent.Warning TrainedOnOtherVariant(string trained, string baseModel, string adapter) => new(
        DiagnosticCode.TrainedOnOtherVariant,
        $"Adapter '{adapter}' was trained on '{trained}', and the base is '{baseModel}': the same model, tuned otherwise. Shapes and names fit, but the merged "
            + $"model is not the one that was trained. Name '{trained}' as the base.",
        adapter);

    public static MergeEvent.Warning BaseHasOwnAdapter(string checkpoint) =>
        new(
            DiagnosticCode.BaseHasOwnAdapter,
            $"The base model '{checkpoint}' has an adapter of its own (adapter_config.json), which transformers applies whenever it loads the folder. The "
                + $"merged model is made without it and does not hold it. If your adapter was trained with it, merge it too: name '{checkpoint}' as the "
                + "first LoraAdapter.",
            checkpoint
        );

    public static MergeEvent.Warning WeightsOutsideIndex(string file, string? tensor, string index) =>
        new(
            DiagnosticCode.WeightsOutsideIndex,
            $"'{file}' {(tensor is null ? "cannot be read as weights" : $"holds tensors such as '{tensor}'")}, but '{index}' does not name it, so that those "
                + "who load the model pass over it. It is not in the merged model. If the model needs it, fetch the index that names it.",
            index
        );

    /// <summary>No warning: many repositories hold an adapter and what its trainer made of it.</summary>
    public static MergeEvent.Information WeightsOfModelLeftOut(IReadOnlyList<string> names, string adapter) =>
        new(
            $"Adapter '{adapter}' lies beside weights of a whole model, of which nothing is taken: "
                + $"{string.Join(", ", names.Take(4))}{(names.Count > 4 ? " and others" : "")}."
        );

    public static MergeEvent.Warning AdapterInTwoForms(string file, IReadOnlyList<string> others, string adapter) =>
        new(
            DiagnosticCode.AdapterInTwoForms,
            $"Adapter '{adapter}' lies there twice: '{file}' is merged, as PEFT loads it, and {string.Join(", ", others.Take(2))}"
                + $"{(others.Count > 2 ? " and others" : "")} is not. Delete the form that is out of date.",
            adapter
        );

    public static MergeEvent.Warning AdapterIsInBase(string adapter, string baseModel) =>
        new(
            DiagnosticCode.AdapterIsInBase,
            $"The base '{baseModel}' was made by merging these same weights: its lora-merge.json lists those of '{adapter}'. Now their change is in the "
                + "result twice. Use the base that the adapter was trained on.",
            adapter
        );

    public static MergeEvent.Warning SideFileClash(string file, string first, string second) =>
        new(DiagnosticCode.SideFileClash, $"Adapters '{first}' and '{second}' bring different '{file}'; the merged model has the one of '{second}'.", second);

    /// <summary>No warning: it is what the adapter was trained with.</summary>
    public static MergeEvent.Information SideFilesOfAdapter(IReadOnlyList<string> names, string adapter)
    {
        const int most = 12;
        string more = names.Count > most ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - most} more") : "";
        return new($"Of adapter '{adapter}' the merged model also has {string.Join(", ", names.Take(most))}{more}.");
    }

    public static MergeEvent.Warning ChatTemplatesDiffer(string adapter, string checkpoint) =>
        new(
            DiagnosticCode.ChatTemplatesDiffer,
            $"The chat template of adapter '{adapter}' is another than that of the base model '{checkpoint}'. The merged model has the adapter's, in "
                + "chat_template.jinja and in tokenizer_config.json, as it was trained with it. To keep the base's, delete the template from the "
                + "adapter's folder.",
            adapter
        );

    public static MergeEvent.Information ChatTemplateOfFieldPassedOver(string file) =>
        new(
            $"tokenizer_config.json beside '{file}' has another chat template, which transformers passes over and other engines take. In the merged model "
                + "both have the one of the file."
        );

    public static MergeEvent.Warning ChatTemplateNameUnsayable(string name, string file) =>
        new(
            DiagnosticCode.ChatTemplateNameUnsayable,
            $"'{file}' has a chat template called '{name}', which cannot be the name of a file. The merged model has the templates in "
                + "tokenizer_config.json alone, and no chat_template.jinja.",
            file
        );

    public static MergeEvent.Warning TokenizerClassNew(string found, string known, string adapter) =>
        new(
            DiagnosticCode.TokenizerClassNew,
            $"Adapter '{adapter}' was saved by transformers 5, and its tokenizer_config.json has the tokenizer_class '{found}', which transformers 4 and "
                + $"other engines do not know; the base's is '{known}'. As their vocabularies differ, the adapter's is kept. If an engine cannot open the "
                + "merged model, save the tokenizer with the transformers release that the engine uses.",
            adapter
        );

    public static MergeEvent.Information NewProcessorLeftOut(string adapter, string checkpoint) =>
        new(
            $"processor_config.json of adapter '{adapter}' has the form of transformers 5, which readers of the base's processors do not know. The merged "
                + $"model has the processors of '{checkpoint}'."
        );

    public static MergeEvent.Warning TokenizerBeyondVocabulary(long id, string embedding, long rows, string adapter) =>
        new(
            DiagnosticCode.TokenizerBeyondVocabulary,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The tokenizer of adapter '{adapter}' has tokens up to number {id}, but the merged model's '{embedding}' has {rows} rows, so that a text "
                    + $"with such a token cannot be read. Tokens were added for the training, and their rows are not in the adapter's file. Save the "
                    + $"adapter again with its embeddings (PEFT's save_embedding_layers), or delete the tokenizer from the adapter's folder."
            ),
            adapter
        );

    public static MergeEvent.Information EndOfTextAdded(string token, long number, string adapter) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Adapter '{adapter}' was trained to end texts with '{token}' ({number}), which the base does not stop at. The merged model's "
                    + $"generation_config.json names it too."
            )
        );

    public static MergeEvent.Warning EndOfTextUnsaid(string token, long number, string adapter) =>
        new(
            DiagnosticCode.EndOfTextUnsaid,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Adapter '{adapter}' was trained to end texts with '{token}' ({number}), which the base's config.json does not name as an end, and there "
                    + $"is no generation_config.json to say so. Let your engine stop at that token, or add a generation_config.json with \"eos_token_id\" "
                    + $"to the base's folder."
            ),
            adapter
        );

    public static MergeEvent.Warning AdapterChangesNothing(string adapter, bool isZero) =>
        new(
            DiagnosticCode.AdapterChangesNothing,
            $"Adapter '{adapter}' changes nothing: "
                + (
                    isZero
                        ? "all its changes are zero, as they are before training (B starts as zeros)"
                        : "its changes are so small that they vanish in the base's dtype"
                )
                + $". Check that the training ran, and that this is what it saved{(isZero ? "" : "; DType 'float32' keeps small changes")}.",
            adapter
        );

    public static MergeEvent.Information LabelsWithoutNames(long count, long known, string adapter) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The classifier of adapter '{adapter}' has {count} labels, where config.json has {known}. No file of the adapter names them; in the "
                    + $"merged model's config.json they are LABEL_0 to LABEL_{count - 1}. To name them, put the trained model's config.json into the "
                    + $"adapter's folder."
            )
        );

    public static MergeEvent.Information ClassOfClassifier(string found, string known, string adapter) =>
        new($"Adapter '{adapter}' has a classifier, which '{known}' does not have. The merged model's config.json has the class '{found}'.");

    public static MergeEvent.Warning AlphaAmbiguous(
        string module,
        string rule,
        double alpha,
        string otherRule,
        double otherAlpha,
        AdapterOrigin origin,
        string adapter
    ) =>
        new(
            DiagnosticCode.AlphaAmbiguous,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Adapter '{adapter}' gave '{module}' alpha {alpha} if it was trained with {rule}, but {otherAlpha} with {otherRule}. Its "
                    + $"adapter_config.json does not tell ({origin.Evidence}); {rule} is taken. To choose, set AdapterVersion of the adapter to the "
                    + $"release of PEFT that it was trained with."
            ),
            adapter
        );

    public static MergeEvent.Warning MlxScaleAmbiguous(double scaling, double other, string adapter) =>
        new(
            DiagnosticCode.MlxScaleAmbiguous,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Adapter '{adapter}' was trained with factor {scaling} by mlx_lm 0.14.2 and later, but with {other} (times alpha / rank) before, and its "
                    + $"adapter_config.json does not tell which. {scaling} is taken. To choose, set AdapterVersion of the adapter to the release of mlx_lm "
                    + $"that it was trained with."
            ),
            adapter
        );

    public static MergeEvent.Warning AdapterReleaseContradicted(AdapterOrigin dated, string asked, string adapter) =>
        new(
            DiagnosticCode.AdapterReleaseContradicted,
            $"AdapterVersion of '{adapter}' is {asked}, but its adapter_config.json was written by {dated} ({dated.Evidence}). AdapterVersion is followed; "
                + "check it.",
            adapter
        );

    public static MergeEvent.Warning TrainedBiasesLost(string module, string? biasMode, string adapter) =>
        new(
            DiagnosticCode.TrainedBiasesLost,
            $"Adapter '{adapter}' trained the biases of its layers (\"bias\": \"{biasMode}\"), such as that of '{module}', but they are not in its file: "
                + "PEFT 0.7 to 0.20 did not save them. They cannot be recovered; the merged model keeps the base's.",
            adapter
        );

    public static MergeEvent.Warning MemoryLimitTooLow(long limit, long held) =>
        new(
            DiagnosticCode.MemoryLimitTooLow,
            $"The memory limit is {Errors.Bytes(limit)}, but this merge holds about {Errors.Bytes(held)} at least, and goes on with that. Raise "
                + "LoraMergeMaxMemory (--max-memory), or leave it out.",
            null
        );

    public static MergeEvent.Warning ConfigMissing(string checkpoint) =>
        new(
            DiagnosticCode.ConfigMissing,
            $"The base model '{checkpoint}' has no config.json, so the merged model has none either, and most engines cannot open it. Fetch the file that "
                + "belongs to the model into its folder.",
            checkpoint
        );

    public static MergeEvent.Warning TokenizerMissing(string checkpoint) =>
        new(
            DiagnosticCode.NoTokenizer,
            $"The base model '{checkpoint}' works on tokens, but neither it nor an adapter has a tokenizer (tokenizer.json, tokenizer.model, vocab.txt or "
                + "the like), so the merged model has none either. Fetch the file that belongs to the model into its folder.",
            checkpoint
        );

    public static MergeEvent.Warning OnlyWeightsNamed(string file, string folder) =>
        new(
            DiagnosticCode.OnlyWeightsNamed,
            $"Of the model in '{folder}' only the weights in '{Path.GetFileName(file)}' are named, so the merged model has no config.json and no "
                + "tokenizer. Name the folder to merge the whole model.",
            file
        );

    public static MergeEvent.Warning CombinationOptionUnused(string option, string way) =>
        new(
            DiagnosticCode.CombinationOptionUnused,
            $"The {option} changes nothing: '{way}' does not use it. Leave it out, or choose another way to combine.",
            null
        );

    public static MergeEvent.Warning ModelfileLeftOut(int files) =>
        new(
            DiagnosticCode.ModelfileLeftOut,
            string.Create(
                CultureInfo.InvariantCulture,
                $"No Modelfile is written: the model has {files} files, and Ollama opens a single one. Leave MaxShardSize out, or make it larger."
            ),
            null
        );

    public static MergeEvent.Warning GgufTokenizerLeftOut(string file, string reason) =>
        new(DiagnosticCode.GgufTokenizerLeftOut,
            $"The tokenizer of '{file}' cannot be turned back into files, so the merged model has none: {reason}. "
                + "Put the tokenizer's files of the model that it was made from beside it, and name the folder.",
            file);

    public static MergeEvent.Warning GgufNamesKept(string file, string reason) =>
        new(DiagnosticCode.GgufNamesKept, $"The tensors keep the names that they have in the GGUF file, and there is no config.json: {reason}", file);

    public static MergeEvent.Warning GgufReadersDiffer(string note) => new(DiagnosticCode.GgufReadersDiffer, note, null);
}
