using LoraMerge.Checkpoints;

namespace LoraMerge.Quantized;

/// <summary>Opens base models in whatever form their weights are stored; what comes out has plain tensors.</summary>
internal static class BaseModels
{
    /// <summary>Opens a model folder or a single weight file and validates every header.</summary>
    /// <param name="path">The folder or file, as the user wrote it.</param>
    /// <param name="fetched">What is known of it from the hub; null for what the user laid there.</param>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1107, 1110, 1130, 2001 to 2018, 2035, 2036, 2100 to 2109.</exception>
    public static Checkpoint Open(string path, FetchedInput? fetched = null) => Open(path, InputListing.OfBase(path, fetched));

    /// <summary>The same, of files that are listed already.</summary>
    /// <param name="path">The folder or file, as the user wrote it.</param>
    /// <param name="files">What lies there.</param>
    /// <param name="mayKeepNames"><inheritdoc cref="Checkpoint.OpenStored" path="/param[@name='mayKeepNames']"/></param>
    public static Checkpoint Open(string path, InputRoot files, bool mayKeepNames = false) =>
        QuantizedReading.Plain(Checkpoint.OpenStored(path, files, mayKeepNames));
}
