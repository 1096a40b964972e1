using System.Collections.Immutable;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Requests;

namespace LoraMerge.Formats;

/// <summary>What a format makes files of.</summary>
/// <param name="Inputs">Base and adapters.</param>
/// <param name="Plan">What becomes of the base's tensors.</param>
/// <param name="AdapterHashes">A fingerprint of each adapter's files, for formats that name them; zeros stand in where nothing is to be written.</param>
internal sealed record LayoutInputs(OpenedInputs Inputs, MergePlan Plan, ImmutableArray<string> AdapterHashes)
{
    /// <summary>Lays the model out in the format that the request asks for.</summary>
    /// <param name="inputs">Base and adapters.</param>
    /// <param name="plan">What becomes of the base's tensors.</param>
    /// <param name="known">As <see cref="HashNamed"/> gave it, or none where nothing is to be written.</param>
    /// <exception cref="LoraMergeException">LORA1101, LORA1110, LORA2062 to LORA2074, LORA5040: the model cannot be said in the format.</exception>
    public static ModelLayout LayOut(OpenedInputs inputs, MergePlan plan, InputHashes known) =>
        ModelFormats.Of(inputs.Request).LayOut(new LayoutInputs(inputs, plan, [.. inputs.Snapshot.Roots.Skip(1).Select(root => Fingerprint(root, known))]));

    /// <summary>Hashes what the files will name, before anything is written: adapters are small.</summary>
    /// <exception cref="LoraMergeException">LORA1110.</exception>
    public static InputHashes HashNamed(OpenedInputs inputs, InputHashes known, CancellationToken cancellation) =>
        !ModelFormats.Of(inputs.Request).NamesOrigin ? known
        : known.With(known.Complete(inputs.Snapshot.Roots.Skip(1), cancellation).Select(input => KeyValuePair.Create(input.File.FullPath, input.Hash)));

    private static string Fingerprint(InputRoot root, InputHashes known) =>
        ContentHash.OfText(string.Concat(root.Files.Select(file => $"{known.Find(file.FullPath) ?? new string('0', 32)} {file.RelativePath}\n")));
}
