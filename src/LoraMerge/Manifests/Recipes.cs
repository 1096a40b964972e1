using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Formats;
using LoraMerge.Planning;

namespace LoraMerge.Manifests;

/// <summary>Fingerprints of all that decides the bytes of one tensor, or of one weight file: equal recipes, equal bytes.</summary>
/// <remarks>
/// A tensor of the base is named by its file's hash, one of an adapter by the hash of its own bytes: an adapter changes as a whole, a base rarely does.
/// </remarks>
internal sealed class Recipes
{
    /// <summary>To be raised when what a recipe covers, or how it is written, changes within a version.</summary>
    private const int Revision = 2;

    private const int PieceLength = 1 << 18;

    private readonly string _head;
    private readonly TensorFiles _files;
    private readonly Dictionary<string, string> _baseFiles;
    private readonly JsonSerializerOptions _json;
    private readonly Dictionary<StoredTensor, string> _known = [];
    private readonly Dictionary<PlannedTensor.Computed, string> _recipes = new(ReferenceEqualityComparer.Instance);

    /// <param name="device">As asked for: another device rounds otherwise.</param>
    /// <param name="inputs">All inputs with their hashes.</param>
    /// <param name="files">Reads the adapters' tensors.</param>
    public Recipes(string device, IEnumerable<HashedInput> inputs, TensorFiles files)
    {
        _head = FormattableString.Invariant($"lora-merge recipe {Revision}\ntool {ToolVersion.Current}\ndevice {device}\n");
        _files = files;
        _baseFiles = inputs.Where(input => input.Root.Label == "base").ToDictionary(input => input.File.FullPath, input => input.Hash, StringComparer.Ordinal);
        _json = new JsonSerializerOptions
        {
            Converters = { new ByContent(this), new ByType() },
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111: an adapter's tensor cannot be read.</exception>
    public string Of(PlannedTensor.Computed tensor)
    {
        if (_recipes.TryGetValue(tensor, out string? recipe))
            return recipe;
        var text = new StringBuilder(_head);
        text.Append("tensor ").Append(tensor.DType).Append(' ').Append(Identify(tensor.Source)).Append('\n');
        // Every property of a change is part of it, those too that are yet to be thought of.
        foreach (WeightChange change in tensor.Changes)
            text.Append(JsonSerializer.Serialize(change, _json)).Append('\n');
        return _recipes[tensor] = ContentHash.OfText(text.ToString());
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111: an adapter's tensor cannot be read.</exception>
    /// <param name="shard">The file.</param>
    /// <param name="fingerprint">As its layout gives it.</param>
    public string Of(PlannedShard shard, string fingerprint)
    {
        var text = new StringBuilder(_head);
        text.Append("file ").Append(fingerprint).Append('\n');
        foreach (PlannedTensor tensor in shard.Tensors)
            text.Append(tensor is PlannedTensor.Computed computed ? Of(computed) : Identify(tensor.Source)).Append('\n');
        return ContentHash.OfText(text.ToString());
    }

    /// <exception cref="Diagnostics.LoraMergeException">LORA1110, LORA1111: an adapter's tensor cannot be read.</exception>
    /// <param name="made">A tensor of a file.</param>
    /// <param name="sources">What it is made of.</param>
    public string Of(MadeTensor made, IEnumerable<PlannedTensor> sources)
    {
        var text = new StringBuilder(_head);
        text.Append("made ").Append(made.Form).Append('\n');
        foreach (PlannedTensor tensor in sources)
            text.Append(tensor is PlannedTensor.Computed computed ? Of(computed) : Identify(tensor.Source)).Append('\n');
        return ContentHash.OfText(text.ToString());
    }

    /// <summary>Those of all tensors of a file that are made of others, by their names.</summary>
    /// <inheritdoc cref="Of(MadeTensor, IEnumerable{PlannedTensor})" path="/exception"/>
    public IEnumerable<KeyValuePair<string, string>> OfMade(ModelLayout layout, PlannedShard shard) =>
        from part in MadeOf(layout, shard)
        where part.Sources.Length > 0
        select KeyValuePair.Create(part.Made.Name, Of(part.Made, part.Sources));

    /// <summary>The tensors of a file with what each is made of.</summary>
    public static IEnumerable<(MadeTensor Made, PlannedTensor[] Sources)> MadeOf(ModelLayout layout, PlannedShard shard)
    {
        int first = 0;
        foreach (MadeTensor made in layout.MadeIn(shard.FileName))
        {
            yield return (made, [.. shard.Tensors.AsSpan(first, made.SourceCount)]);
            first += made.SourceCount;
        }
    }

    private string Identify(TensorSource source) => source is StoredTensor stored
        ? Identify(stored)
        : $"{source.GetType().Name} {JsonSerializer.Serialize(source, source.GetType(), _json)}";

    private string Identify(StoredTensor tensor)
    {
        if (_known.TryGetValue(tensor, out string? known))
            return known;
        string content = _baseFiles.TryGetValue(Path.GetFullPath(tensor.File), out string? file)
            ? FormattableString.Invariant($"base {file} {tensor.FileOffset}") + PackingOf(tensor)
            : $"adapter {HashOf(tensor)}";
        return _known[tensor] =
            $"{content} {tensor.DType} {tensor.ShapeText}{(tensor.Strides.IsDefault ? "" : $" strides {string.Join(',', tensor.Strides)}")}";
    }

    private string PackingOf(StoredTensor tensor) =>
        tensor.Packing is { } packing ? $" packing {JsonSerializer.Serialize(packing, packing.GetType(), _json)}" : "";

    private string HashOf(StoredTensor tensor)
    {
        var hash = new XxHash128();
        byte[] piece = new byte[Math.Min(PieceLength, tensor.ByteLength)];
        for (long offset = 0; offset < tensor.ByteLength; offset += piece.Length)
        {
            Span<byte> read = piece.AsSpan(0, (int)Math.Min(piece.Length, tensor.ByteLength - offset));
            _files.ReadInto(tensor, offset, read);
            hash.Append(read);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Writes a tensor as what it holds, not as where it lies.</summary>
    private sealed class ByContent(Recipes recipes) : JsonConverter<StoredTensor>
    {
        public override StoredTensor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, StoredTensor value, JsonSerializerOptions options) =>
            writer.WriteStringValue(recipes.Identify(value));
    }

    /// <summary>Writes what is of an abstract type of ours with the name and all properties of what it is.</summary>
    private sealed class ByType : JsonConverter<object>
    {
        public override bool CanConvert(Type typeToConvert) =>
            typeToConvert is { IsClass: true, IsAbstract: true } && typeToConvert.Namespace?.StartsWith("LoraMerge", StringComparison.Ordinal) == true;

        public override object Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WritePropertyName(value.GetType().FullName!);
            JsonSerializer.Serialize(writer, value, value.GetType(), options);
            writer.WriteEndObject();
        }
    }
}
