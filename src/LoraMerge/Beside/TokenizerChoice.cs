using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Beside;

/// <summary>
/// Keeps a tokenizer that an adapter brings readable for those who read the base's: forms of newer libraries become the base's, where they say the same.
/// </summary>
internal static class TokenizerChoice
{
    private const string ConfigName = "tokenizer_config.json";
    private const string ClassField = "tokenizer_class";
    private const string ExtraTokens = "extra_special_tokens";
    private const string AdditionalTokens = "additional_special_tokens";

    /// <summary>What transformers 5 calls tokenizers that need no class of their own; transformers 4 and others do not know them.</summary>
    private static readonly string[] NewClasses = ["TokenizersBackend", "SentencePieceBackend", "PythonBackend"];

    /// <summary>Fields that go with these classes.</summary>
    private static readonly string[] FieldsOfNewClasses = ["backend", "is_local", "local_files_only"];

    /// <summary>Vocabularies beside tokenizer.json.</summary>
    private static readonly string[] Vocabularies = ["tokenizer.model", "vocab.json", "merges.txt", "vocab.txt", "spiece.model"];

    /// <exception cref="LoraMergeException">LORA1110, LORA1112, LORA2003, LORA2045.</exception>
    public static void Settle(Checkpoint checkpoint, SideFileSet files, ICollection<MergeEvent> notes)
    {
        bool agrees = SettleVocabulary(checkpoint, files) && Vocabularies.All(name => HasSameBytes(checkpoint, files, name));
        if (files.AdapterOf(ConfigName) is Adapter adapter && BaseFile(checkpoint, ConfigName) is SideSource ofBase
            && files.Json(ConfigName) is { } config && JsonSideFile.TryRead(ofBase) is { } baseConfig)
            SettleConfig(config, baseConfig, agrees, files, adapter, notes);
    }

    /// <summary>Whether a tokenizer_config.json names a class that transformers 4 does not know.</summary>
    public static bool IsNewClass(JsonObject? config) => NewClasses.Contains(config?.Text(ClassField));

    /// <summary>
    /// Takes the base's file where the adapter's says the same, and else the adapter's with its merges in the base's form and without limits that the base
    /// does not have.
    /// </summary>
    /// <returns>Whether they have the same tokens.</returns>
    private static bool SettleVocabulary(Checkpoint checkpoint, SideFileSet files)
    {
        if (files.AdapterOf(TokenizerJson.FileName) is not Adapter || BaseFile(checkpoint, TokenizerJson.FileName) is not SideSource ofBase)
            return files.AdapterOf(TokenizerJson.FileName) is null;
        SideSource ofAdapter = files.BytesOf(TokenizerJson.FileName)!;
        if (TokenizerJson.TryRead(ofBase) is not TokenizerJson known || TokenizerJson.TryRead(ofAdapter) is not TokenizerJson brought)
            return false;
        bool hasSameTokens = known.Vocabulary == brought.Vocabulary;
        if (hasSameTokens && known.Rest == brought.Rest)
            files.PutBack(TokenizerJson.FileName, ofBase);
        else
        {
            bool getsTexts = known.Merges == MergesForm.Texts && brought.Merges == MergesForm.Lists;
            bool losesLimits = brought.HasLimits && !known.HasLimits;
            if (getsTexts || losesLimits)
                files.Write(TokenizerJson.FileName, ofAdapter.Path, TokenizerRewrite.Of(ofAdapter, getsTexts, hasLimits: !losesLimits));
        }
        return hasSameTokens;
    }

    private static void SettleConfig(JsonObject config, JsonObject ofBase, bool agrees, SideFileSet files, Adapter adapter, ICollection<MergeEvent> notes)
    {
        bool isChanged = false;
        if (IsNewClass(config) && !IsNewClass(ofBase) && ofBase.Text(ClassField) is string known)
        {
            if (!agrees)
                notes.Add(Notes.TokenizerClassNew(config.Text(ClassField)!, known, adapter.Path));
            else
            {
                TakeClass(config, ofBase, known);
                isChanged = true;
            }
        }
        if (config[ExtraTokens] is JsonArray list && ofBase[ExtraTokens] is not JsonArray)
        {
            TakeFormOfTokens(config, ofBase, list);
            isChanged = true;
        }
        if (isChanged)
            files.Write(ConfigName, files.SourceOf(ConfigName)!, JsonFile.ToBytes(config));
    }

    /// <summary>The base's class, and what it says and the newer form leaves to tokenizer.json.</summary>
    private static void TakeClass(JsonObject config, JsonObject ofBase, string known)
    {
        if (config[ExtraTokens] is JsonArray { Count: > 0 } list)
            config[AdditionalTokens] ??= list.DeepClone();
        config[ClassField] = known;
        foreach (string field in FieldsOfNewClasses.Where(field => !ofBase.ContainsKey(field)))
            config.Remove(field);
        foreach ((string field, JsonNode? value) in ofBase.Where(pair => !config.ContainsKey(pair.Key) && pair.Key != ChatTemplate.Field).ToArray())
            config[field] = value?.DeepClone();
    }

    /// <summary>Transformers 4 reads the list under its old name alone, and names with tokens under the new one; transformers 5 reads both.</summary>
    private static void TakeFormOfTokens(JsonObject config, JsonObject ofBase, JsonArray list)
    {
        const string named = "model_specific_special_tokens";
        config.Remove(ExtraTokens);
        if ((config[named] ?? ofBase[ExtraTokens]) is JsonObject tokens)
            config[ExtraTokens] = tokens.DeepClone();
        if (list.Count > 0 && !config.ContainsKey(AdditionalTokens))
            config[AdditionalTokens] = list.DeepClone();
    }

    private static bool HasSameBytes(Checkpoint checkpoint, SideFileSet files, string name) =>
        files.AdapterOf(name) is null || (BaseFile(checkpoint, name) is SideSource ofBase && ofBase.HasSameBytesAs(files.BytesOf(name)!));

    private static SideSource? BaseFile(Checkpoint checkpoint, string name) => SideSource.Of(checkpoint.Files.FindBeside(name));
}
