using System.Globalization;
using LoraMerge.Adapters;
using LoraMerge.Diagnostics;

namespace LoraMerge.Kinds.Lora;

/// <summary>What is said of LoRA adapters without stopping a merge.</summary>
internal static class LoraNotes
{
    public static MergeEvent.Warning ExpertOrientationAssumed(string parameter, bool isTransposed, string adapter) =>
        new(
            DiagnosticCode.ExpertOrientationAssumed,
            $"The experts of '{parameter}' are square, and adapter '{adapter}' does not tell which way its product lies; it is taken "
                + (isTransposed ? "transposed, as PEFT with transformers 5 trains it" : "as it is")
                + $". To choose the other way, set AdapterVersion of the adapter to {(isTransposed ? "0.19.0" : "0.18.0")}.",
            adapter
        );

    public static MergeEvent.Warning InitialisationUnknown(string method, string adapter) => new(
        DiagnosticCode.InitialisationUnknown,
        $"adapter_config.json of '{adapter}' says init_lora_weights \"{method}\", which no release of PEFT that is known has. If it takes a part of the "
            + "base away before training, as MiLoRA and PiSSA do, the merged model is not the one that was trained: merge into the base that the "
            + "trainer saved, with "
            + "init_lora_weights set to true.",
        adapter);

    public static MergeEvent.Warning ExpertLayoutAssumed(ExpertLayout layout, string adapter) => new(
        DiagnosticCode.ExpertLayoutAssumed,
        $"Adapter '{adapter}' changes fused experts and was trained with {(layout == ExpertLayout.Unsloth ? "unsloth" : "a base of unsloth's")}. Until "
            + $"September 2026 unsloth laid lora_B out expert by expert, PEFT and unsloth since then rank by rank; the file does not tell, and is read as "
            + $"{(layout == ExpertLayout.Unsloth ? "the former" : "the latter")}. Wrongly read, every expert gets a mixture of the others' changes. To "
            + "choose, set ExpertLayout of the adapter to unsloth or peft.",
        adapter);

    public static MergeEvent.Warning ExpertLayoutOfExport(ExpertLayout layout, string adapter) => new(
        DiagnosticCode.ExpertLayoutAssumed,
        $"Adapter '{adapter}' changes fused experts and has the adapter_config.json of an export of Megatron-Bridge, whose releases up to August 2026 laid "
            + "lora_B out expert by expert, where PEFT has it rank by rank; the file does not tell. "
            + (layout == ExpertLayout.Unsloth ? "Its A and B lie as in those releases, so it is read expert by expert. "
                : "Its A and B lie the other way round than in those releases, so it is read rank by rank. ")
            + "Wrongly read, every expert gets a mixture of the others' changes. To choose, set ExpertLayout of the adapter to unsloth (expert by expert) or "
            + "peft.",
        adapter);

    public static MergeEvent.Warning RowsSortedByTorchtune(bool areOfB, bool arePutBack, string adapter) => new(
        DiagnosticCode.RowsSortedByTorchtune,
        $"Adapter '{adapter}' has the adapter_config.json of an export of torchtune, which "
            + (areOfB ? "sorts the rows of lora_B of q_proj and k_proj though it trains this family in the order of the base's files"
                : "sorts the rows of lora_B of q_proj and k_proj as the base's files have them, but not their magnitudes")
            + (arePutBack ? $"; they are {(areOfB ? "put back" : "sorted here")}. "
                : "; config.json of the base does not tell the number of heads (num_attention_heads), so they are taken as the file has them: add it there. ")
            + "If another library trained it, add \"task_type\" to its adapter_config.json.",
        adapter);

    public static MergeEvent.Warning HalvesPutInTurns(string adapter) => new(
        DiagnosticCode.HalvesPutInTurns,
        $"Adapter '{adapter}' has the adapter_config.json of an export of Megatron-Bridge, which leaves gate and up of gpt-oss one behind the other, as it "
            + "trains them; the base has them in turns, row by row, so they are put in turns. If another library trained it, add \"layers_pattern\": null to "
            + "its adapter_config.json.",
        adapter);

    public static MergeEvent.Warning TargetParametersAssumed(string module, string adapter) => new(
        DiagnosticCode.TargetParametersAssumed,
        $"Adapter '{adapter}' holds two pairs for parameters of '{module}', and its adapter_config.json has no \"target_parameters\". The inner one is taken "
            + "for gate_up_proj and the outer one for down_proj, as PEFT nests them and vLLM reads them. To have that said, write \"target_parameters\": "
            + "[\"gate_up_proj\", \"down_proj\"] into the file.",
        adapter);

    public static MergeEvent.Warning SavedToGoOn(string folder, string adapter) => new(
        DiagnosticCode.SavedToGoOn,
        $"'{adapter}' is called '{folder}', as trainers call what they save to go on with a training that took a part of the base away (PiSSA, OLoRA, "
            + "LoRA-GA): LLaMA-Factory beside pissa_converted, ms-swift beside checkpoints that hold converted/default. Its init_lora_weights does not say so. "
            + "Merged into the base as published, that part would be there twice: merge the converted adapter.",
        adapter);

    public static MergeEvent.Warning ExpertLayoutContradicted(ExpertLayout asked, string adapter) => new(
        DiagnosticCode.ExpertLayoutContradicted,
        $"ExpertLayout=\"{ExpertLayouts.NameOf(asked)}\" is asked for, but adapter_config.json of '{adapter}' says by \"lora_B_layout\" that its lora_B "
            + $"lies {(asked == ExpertLayout.Peft ? "expert by expert, as unsloth's did" : "rank by rank, as PEFT's does")}. It is merged as asked; if that "
            + "is no correction of the file, leave ExpertLayout out.",
        adapter);

    public static MergeEvent.Warning DoraAssumed(string module, string adapter) =>
        new(DiagnosticCode.DoraAssumed,
            $"Adapter '{adapter}' holds magnitudes, such as that of '{module}', but its adapter_config.json does not say \"use_dora\", as torchtune's "
            + "exports do not; it is merged as DoRA. To have that said, write \"use_dora\": true into the file.", adapter);

    public static MergeEvent.Warning EmbeddingScaleAssumed(string module, double scale, bool isDivided, AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.EmbeddingScaleAssumed,
            string.Create(
                CultureInfo.InvariantCulture,
                $"PEFT before 0.18 added the change of '{module}' behind the embedding's factor {scale:0.###}, later releases before it. Adapter '{adapter}' "
                    + $"was written by {origin} ({origin.Evidence}), so it is {(isDivided ? "" : "not ")}divided by that factor. To choose, set "
                    + $"AdapterVersion of the adapter to the release of PEFT that it was trained with."
            ),
            adapter
        );

    public static MergeEvent.Warning DoraNormAmbiguous(string module, AdapterOrigin origin, string adapter) =>
        new(
            DiagnosticCode.DoraNormAmbiguous,
            $"PEFT 0.9 and 0.10 trained DoRA on '{module}', whose weight is square and stored input by output, with another norm than later releases. "
                + $"Adapter '{adapter}' was written by {origin} ({origin.Evidence}), so its file does not tell; the later rule is taken. To choose, set "
                + "AdapterVersion of the adapter to the release of PEFT that it was trained with.",
            adapter
        );
}
