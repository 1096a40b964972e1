using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tokenizers;
using LoraMerge.Planning;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Formats.Gguf;

/// <summary>A merged model as a GGUF file, or several: weights, configuration and tokenizer in one.</summary>
/// <remarks>
/// The plan is put into the order of the file. A tensor that several of the file's are made of stands there several times, and is computed as often.
/// </remarks>
internal sealed class GgufModelLayout : GgufFileSet
{
    private GgufModelLayout(GgufLayout layout, ImmutableArray<GgufFileLayout> files, MergePlan plan, string name, bool withModelfile)
    {
        Layout = layout;
        Plan = plan with
        {
            Shards = [.. ShardsOf(layout, files, plan, name)],
            HasIndex = false,
            IndexSource = null,
            SideFiles = [],
            ConfigChanges = [],
        };
        if (withModelfile && files.Length == 1)
            Beside = ImmutableDictionary<string, byte[]>.Empty.Add(Modelfile.Name, Modelfile.Of(Plan.Shards[0].FileName, layout.Metadata));
        IsModelfileLeftOut = withModelfile && files.Length > 1;
        Files = [.. Plan.Shards.Zip(files, (shard, file) => new GgufFile(shard.FileName, file))];
    }

    /// <summary>The file before its weights.</summary>
    public GgufLayout Layout { get; }

    public override MergePlan Plan { get; }

    public override ImmutableArray<GgufFile> Files { get; }

    public override GgufMetadata Metadata => Layout.Metadata;

    public override IReadOnlyDictionary<string, byte[]> Beside { get; } = ImmutableDictionary<string, byte[]>.Empty;

    public override IEnumerable<MergeEvent> Notes =>
    [
        .. Layout.Notes.Select(Diagnostics.Notes.GgufReadersDiffer),
        .. IsModelfileLeftOut ? (MergeEvent[])[Diagnostics.Notes.ModelfileLeftOut(Files.Length)] : [],
    ];

    private bool IsModelfileLeftOut { get; }

    public override string? Summary
    {
        get
        {
            IEnumerable<string> types = Layout.Tensors.CountBy(tensor => tensor.Type).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key)
                .Select(pair => $"{pair.Value} × {pair.Key}");
            return $"gguf {Layout.Quantization}: {string.Join(", ", types)}";
        }
    }

    public override string FingerprintOf(string fileName)
    {
        GgufFile file = Files.First(file => file.Name == fileName);
        var hash = new XxHash128();
        hash.Append(file.Layout.HeaderBytes.Span);
        foreach (LayoutTensor tensor in TensorsOf(file))
        {
            hash.Append(Encoding.UTF8.GetBytes(string.Join("; ", tensor.Steps)));
            hash.Append(MemoryMarshal.AsBytes(tensor.Numbers.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public override long HeldBytes => Layout.Tensors.Select(TensorAssembler.HeldBytes).DefaultIfEmpty(0).Max();

    /// <summary>Lays a plan out.</summary>
    /// <inheritdoc cref="LayOut" path="/exception"/>
    public static GgufModelLayout Create(LayoutInputs planned)
    {
        MergeRequest request = planned.Inputs.Request;
        GgufLayout layout = LayOut(planned, request.Quantization);
        return new GgufModelLayout(layout, layout.Files(request.MaxShardSize?.Bytes), planned.Plan, planned.Inputs.Name, request.WritesModelfile);
    }

    /// <summary>Lays out the file itself.</summary>
    /// <exception cref="LoraMergeException">LORA1110, LORA2062 to LORA2072, LORA5040: the model cannot be said in GGUF.</exception>
    public static GgufLayout LayOut(LayoutInputs planned, string quantization) =>
        Guarded(planned, () => GgufLayoutBuilder.Build(SourceOf(planned), quantization));

    /// <summary>What the file's tensors would be made of, for what goes upon such a file: no tokenizer is needed.</summary>
    /// <returns>GGUF's name of the architecture, and the tensors.</returns>
    /// <exception cref="LoraMergeException">LORA1110, LORA2062 to LORA2067.</exception>
    public static (string Architecture, ImmutableArray<LayoutTensor> Tensors) TensorsOf(LayoutInputs planned) =>
        Guarded(planned, () => GgufLayoutBuilder.TensorsOf(SourceOf(planned), isChecked: true));

    public override IEnumerable<MadeTensor> MadeIn(string fileName)
    {
        GgufFile file = Files.First(file => file.Name == fileName);
        return TensorsOf(file).Zip(file.Layout.Tensors, (tensor, placed) => new MadeTensor(
            tensor.Name, $"gguf {tensor.Type} {placed.ShapeText} {string.Join("; ", tensor.Steps)}", tensor.Sources.Length, placed.ByteLength));
    }

    public override GgufBytes BytesOf(MergePlan left, int threads) =>
        new MergedBytes([.. FilesOf(left).Zip(left.Shards, (file, shard) => new MergedFile(file, TensorsOf(file), shard))], threads);

    private static T Guarded<T>(LayoutInputs planned, Func<T> layOut)
    {
        try
        {
            return layOut();
        }
        catch (GgufLayoutException e)
        {
            throw e.Fault == LayoutFault.ArchitectureUnknown && ClassifierOf(planned) is (var adapter, var name)
                ? Errors.ClassifierNotInGguf(adapter, name)
                : Errors.Gguf(e, PathOf(e.File, planned.Plan));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.InputNotReadable(planned.Inputs.Checkpoint.Path, e);
        }
    }

    private ImmutableArray<LayoutTensor> TensorsOf(GgufFile file)
    {
        int before = Files.TakeWhile(other => other != file).Sum(other => other.Layout.Tensors.Length);
        return Layout.Tensors[before..(before + file.Layout.Tensors.Length)];
    }

    private static IEnumerable<PlannedShard> ShardsOf(GgufLayout layout, ImmutableArray<GgufFileLayout> files, MergePlan plan, string name)
    {
        var byName = plan.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        int first = 0;
        for (int i = 0; i < files.Length; i++)
        {
            ImmutableArray<LayoutTensor> tensors = layout.Tensors[first..(first + files[i].Tensors.Length)];
            first += tensors.Length;
            yield return new PlannedShard(
                GgufSplit.FileName(name, i, files.Length),
                [.. tensors.SelectMany(tensor => tensor.Sources.Select(source => ToFloats(byName[source.Name], tensor.Type)))],
                ImmutableDictionary<string, string>.Empty);
        }
    }

    /// <summary>Its values as float32, from which they are rounded once.</summary>
    private static PlannedTensor.Computed ToFloats(PlannedTensor tensor, GgufType type)
    {
        var computed = tensor as PlannedTensor.Computed;
        TensorSource source = tensor.Source.WideEnoughFor(type == GgufType.F32 ? DType.F32 : DType.BF16);
        return new PlannedTensor.Computed(tensor.Name, DType.F32, source, computed?.Changes ?? [], computed?.ReplacedBy)
        {
            RoundedTo = type == GgufType.F32 ? null : DType.BF16,
        };
    }

    private static GgufSource SourceOf(LayoutInputs planned)
    {
        using var config = JsonDocument.Parse(planned.Inputs.Checkpoint.Config.JsonWith(planned.Plan.ConfigChanges).ToJsonString());
        var files = new SideFiles(
            planned.Plan.SideFiles.ToDictionary(file => file.RelativePath, file => file.Source, StringComparer.Ordinal),
            planned.Plan.SideFiles.Where(file => file.Content is not null)
                .ToDictionary(file => file.RelativePath, file => file.Content!, StringComparer.Ordinal));
        return new GgufSource(
            config.RootElement.Clone(),
            [.. planned.Plan.Tensors.Select(tensor => new SourceTensor(tensor.Name, tensor.DType, tensor.Shape))],
            files,
            [files], // the template that the folder would have
            GgufOrigin.Describe(planned));
    }

    /// <summary>The adapter whose head makes another class of the model, and the class; null where there is none.</summary>
    private static (string Adapter, string Class)? ClassifierOf(LayoutInputs planned)
    {
        if (planned.Plan.ConfigChanges.FirstOrDefault(change => change.Name == "architectures")?.Value is not JsonArray { Count: 1 } classes)
            return null;
        int head = planned.Plan.Tensors.OfType<PlannedTensor.Computed>()
            .First(tensor => tensor.ReplacedBy is not null && !planned.Inputs.Checkpoint.TryFind(tensor.Name, out _)).ReplacedBy!.Value;
        return (planned.Inputs.Adapters[head].Path, classes[0]!.GetValue<string>());
    }

    private static string? PathOf(string? file, MergePlan plan) => plan.SideFiles.FirstOrDefault(side => side.RelativePath == file)?.Source;
}
