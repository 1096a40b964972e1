using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Formats;
using LoraMerge.Formats.Gguf;
using LoraMerge.Formats.Requantized;
using LoraMerge.Gguf.Container;
using LoraMerge.Quantized;
using LoraMerge.Requests;

namespace LoraMerge.Comparing;

/// <summary>Opens models of whatever format to be compared: each with its like.</summary>
internal static class ComparedModels
{
    /// <summary>The merged model at a path, to be held to what a merge computes.</summary>
    /// <exception cref="LoraMergeException">LORA1107, LORA2075, or it is unsound.</exception>
    public static IComparedModel Open(OpenedInputs inputs, ModelLayout layout, string path)
    {
        string? file = FindGguf("merged model", path);
        if (layout is GgufFileSet && file is null)
            throw Errors.ModelOfOtherFormat(path, "no GGUF file", "Say --format safetensors, or name the folder of the GGUF file.");
        if (layout is GgufFileSet files)
            return new ComparedGguf(GgufFiles.Open(file!), path, files, inputs.Request);
        if (layout is RequantizedLayout requantized && file is null)
            return new ComparedCheckpoint(Checkpoint.OpenStored(path, InputListing.OfBase(path)), requantized.Written, inputs.Checkpoint.Config)
            {
                Requantized = requantized,
            };
        return file is null
            ? new ComparedCheckpoint(BaseModels.Open(path), layout.Plan, inputs.Checkpoint.Config)
            : throw Errors.ModelOfOtherFormat(path, "a GGUF file", "Say --format gguf, and its --quantization.");
    }

    /// <summary>Two GGUF files are compared as such; one of them with another model as the model that it was made from.</summary>
    /// <exception cref="LoraMergeException">LORA1107, or one of them is unsound.</exception>
    public static ModelDiff Diff(
        string first, FetchedInput? fetchedFirst, string second, FetchedInput? fetchedSecond, CancellationToken cancellation)
    {
        string? one = FindGguf("first model", first), other = FindGguf("second model", second);
        if (one is null || other is null)
            return ModelDiff.Between(BaseModels.Open(first, fetchedFirst), BaseModels.Open(second, fetchedSecond), cancellation);
        using GgufModel oneModel = GgufFiles.Open(one), otherModel = GgufFiles.Open(other);
        return GgufDiff.Between(oneModel, otherModel, cancellation);
    }

    private static string? FindGguf(string what, string path) => InputListing.IsThere(path) ? GgufFiles.Find(path) : throw Errors.PathNotFound(what, path);
}
