using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Restoring;
using LoraMerge.Gguf.Tests.Golden;
using LoraMerge.Gguf.Tokenizers;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Restoring;

/// <summary>A GGUF file turned back into the folder that it was made of.</summary>
public sealed class RestoredModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Cases of the families that are turned back.</summary>
    public static TheoryData<string, string> Models => new(
        ("llama.zip", "llama-plain"),
        ("llama.zip", "llama-tied-rope3"),
        ("llama.zip", "llama-head-dim"),
        ("llama.zip", "llama-spm-added"),
        ("llama.zip", "llama-rope-linear"),
        ("llama.zip", "llama-digits"),
        ("llama.zip", "mistral-tekken"),
        ("llama.zip", "mixtral"),
        ("qwen.zip", "qwen2"),
        ("qwen.zip", "qwen2-tied-yarn"),
        ("qwen.zip", "qwen3"),
        ("qwen.zip", "qwen3-moe"),
        ("gemma.zip", "gemma"),
        ("gemma.zip", "gemma2"),
        ("gemma.zip", "gemma3-linear"),
        ("more.zip", "more-granite"),
        ("more.zip", "more-smollm3"),
        ("more.zip", "more-glm4"),
        ("converter.zip", "ernie-4.5"),
        ("templates.zip", "template-named"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Tensors_have_their_names_shapes_and_values_again(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        using var model = GgufModel.Open(Write(merge, "F32"));

        RestoredModel restored = RestoredModel.Of(model);

        Assert.Equal(merge.Source.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            restored.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (RestoredTensor tensor in restored.Tensors)
        {
            Assert.Equal(merge[tensor.Name].Shape, tensor.Shape);
            float[] expected = Array.ConvertAll(merge[tensor.Name].Values, value => (float)value);
            float[] values = new float[expected.Length];
            tensor.Read(0, values);

            // One was added to Gemma's norms and is subtracted again, in float32.
            float tolerance = tensor.Values.Added == 0 ? 0 : 1.2e-7f;
            for (int i = 0; i < values.Length; i++)
                Assert.InRange(values[i], expected[i] - tolerance, expected[i] + tolerance);
        }
    }

    /// <summary>Written again, it is the same file: so config and tokenizer say all that they said.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void A_restored_folder_becomes_the_same_file_again(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        using var model = GgufModel.Open(Write(merge, "BF16"));

        RestoredModel restored = RestoredModel.Of(model);

        GgufLayout again = GgufLayoutBuilder.Build(SourceOf(restored), "BF16");
        foreach ((string key, GgufValue value) in model.Metadata)
        {
            // What nobody reads is not kept: scores where the file has only merges, and whether a class says the size of a head.
            if (key.StartsWith("general.", StringComparison.Ordinal))
                continue;
            Assert.True(again.Metadata.TryGet(key, out GgufValue found), $"'{key}' is lost.");
            bool isSame = value.Value is Array array
                ? array.Cast<object>().SequenceEqual(((Array)found.Value).Cast<object>())
                : Equals(value.Value, found.Value);
            Assert.True(isSame, $"'{key}' is another.");
        }

        Assert.Equal(model.Tensors.Select(tensor => (tensor.Name, tensor.ShapeText)).Order(),
            again.Tensors.Select(tensor => (tensor.Name, $"[{string.Join(", ", tensor.Shape)}]")).Order());
    }

    [Fact]
    public void Values_can_be_read_from_the_middle_of_a_head()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        using var model = GgufModel.Open(Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "Q8_0"));
        RestoredTensor tensor = RestoredModel.Of(model).Tensors.Single(tensor => tensor.Name == "model.layers.1.self_attn.q_proj.weight");
        float[] all = new float[64 * 64];
        tensor.Read(0, all);

        float[] some = new float[1000];
        tensor.Read(777, some);

        Assert.Equal(all[777..1777], some);
    }

    [Fact]
    public void An_adapter_fits_a_quantised_file()
    {
        Fixtures.Unpack("merge.zip", "gguf-merge-q8-q4", _folder.Path);
        using var model = GgufModel.Open(Path.Combine(_folder.Path, "base", "model.gguf"));
        Dictionary<string, Numbers> adapter = Numbers.ReadAll(Path.Combine(_folder.Path, "adapter", "adapter_model.safetensors"))
            .ToDictionary(pair => pair.Key, pair => pair.Value.Tensor);
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "adapter", "adapter_config.json")))!;
        double scaling = config["lora_alpha"]!.GetValue<double>() / config["r"]!.GetValue<double>();
        using SafetensorsReader exact = SafetensorsReader.Open(_folder.File("exact.safetensors"));

        RestoredModel restored = RestoredModel.Of(model);

        Assert.Equal(exact.Header.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            restored.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (RestoredTensor tensor in restored.Tensors)
        {
            Assert.True(exact.Header.TryFind(tensor.Name, out TensorEntry? entry));
            double[] expected = new double[entry.ElementCount];
            exact.ReadInto(entry, 0, MemoryMarshal.AsBytes(expected.AsSpan()));
            double[] merged = Merge(tensor, adapter, scaling);
            double largest = expected.Max(Math.Abs);
            Assert.All(merged.Zip(expected), pair => Assert.InRange(pair.First, pair.Second - (1e-6 * largest), pair.Second + (1e-6 * largest)));
        }
    }

    [Fact]
    public void Another_architecture_is_refused_with_those_that_are_turned_back()
    {
        using GoldenCase golden = GoldenCase.Open("more.zip", "gpt2");
        using var model = GgufModel.Open(Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "F16"));

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => RestoredModel.Of(model));

        Assert.Equal(LayoutFault.FileNotRestorable, e.Fault);
        Assert.Contains("llama", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_of_a_Mistral_that_reads_images_is_turned_back_as_a_Mistral()
    {
        using GoldenCase golden = GoldenCase.Open("converter.zip", "mistral3");
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        using var model = GgufModel.Open(Write(merge, "F32"));

        RestoredModel restored = RestoredModel.Of(model);

        IEnumerable<string> ofText = merge.Source.Tensors.Select(tensor => tensor.Name)
            .Where(name => !name.Contains("vision_tower", StringComparison.Ordinal) && !name.Contains("projector", StringComparison.Ordinal));
        Assert.Equal(ofText.Select(name => name.Replace("model.language_model.", "model.", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            restored.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Contains("MistralForCausalLM", System.Text.Encoding.UTF8.GetString(restored.Files["config.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_Mistral_does_not_compute_is_not_turned_back_as_one()
    {
        using GoldenCase golden = GoldenCase.Open("converter.zip", "ministral3");
        using var model = GgufModel.Open(Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "F16"));

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => RestoredModel.Of(model));

        Assert.Contains("attention.temperature_scale", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_architectures_that_are_turned_back_are_told()
    {
        Assert.Equal(
            ["ernie4_5", "gemma", "gemma2", "gemma3", "glm4", "granite", "llama", "mistral3", "qwen2", "qwen3", "qwen3moe", "smollm3"],
            RestoredModel.Architectures);
    }

    [Theory]
    [InlineData("blk.0.attn_q.weight", "blk.0.attn_x.weight")] // one missing
    [InlineData("llama.block_count", "llama.block_xxxxx")]
    public void A_file_that_does_not_fit_its_architecture_is_refused(string name, string changed)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string path = Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "F16");
        byte[] bytes = File.ReadAllBytes(path);
        int place = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(name));
        System.Text.Encoding.UTF8.GetBytes(changed).CopyTo(bytes, place);
        File.WriteAllBytes(path, bytes);
        using var model = GgufModel.Open(path);

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => RestoredModel.Of(model));

        Assert.Equal(LayoutFault.FileNotRestorable, e.Fault);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    /// <summary>The weights are as good as ever.</summary>
    [Theory]
    [InlineData("tokenizer.ggml.token_type", "tokenizer.ggml.token_typx")]
    [InlineData("tokenizer.ggml.pre", "tokenizer.ggml.prx")]
    public void A_tokenizer_that_cannot_be_said_is_left_out_and_told(string name, string changed)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string path = Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "F16");
        byte[] bytes = File.ReadAllBytes(path);
        int place = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(name));
        System.Text.Encoding.UTF8.GetBytes(changed).CopyTo(bytes, place);
        File.WriteAllBytes(path, bytes);
        using var model = GgufModel.Open(path);

        RestoredModel restored = RestoredModel.Of(model);

        Assert.Contains(name, restored.TokenizerFault!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("tokenizer.json", restored.Files.Keys);
        Assert.Contains("config.json", restored.Files.Keys);
    }

    /// <summary>So llama.cpp wrote them until the spring of 2024, and many files of Mixtral are from then.</summary>
    [Fact]
    public void Experts_may_be_tensors_of_their_own()
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "mixtral");
        string stacked = Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "Q8_0");
        string apart = Rewrite(stacked, _ => { }, (tensor, bytes) => !tensor.Name.EndsWith("_exps.weight", StringComparison.Ordinal)
            ? [(tensor.Name, tensor.Type, tensor.Shape, bytes)]
            : Enumerable.Range(0, (int)tensor.Shape[0]).Select(expert => (
                tensor.Name.Replace("_exps.", $".{expert}.", StringComparison.Ordinal), tensor.Type, tensor.Shape[1..],
                bytes[(bytes.Length / (int)tensor.Shape[0] * expert)..(bytes.Length / (int)tensor.Shape[0] * (expert + 1))])));
        using GgufModel one = GgufModel.Open(stacked), other = GgufModel.Open(apart);

        RestoredModel expected = RestoredModel.Of(one), found = RestoredModel.Of(other);

        Assert.NotEqual(one.Tensors.Count(), other.Tensors.Count());
        Assert.Equal(expected.Tensors.ToDictionary(tensor => tensor.Name, ValuesOf), found.Tensors.ToDictionary(tensor => tensor.Name, ValuesOf));
    }

    [Theory]
    [InlineData("rope.scaling.type", "none", null)]
    [InlineData("rope.scale_linear", 1f, null)]
    [InlineData("rope.scale_linear", 4f, "linear")]
    public void Other_words_for_the_scaling_of_rope_are_known(string key, object value, string? kind)
    {
        using GoldenCase golden = GoldenCase.Open("llama.zip", "llama-plain");
        string plain = Write(new ExactMerge(golden.BaseFolder, golden.AdapterFolder), "F16");
        string path = Rewrite(plain, metadata => metadata.Set("llama." + key, value is float number ? number : (string)value), Same);
        using var model = GgufModel.Open(path);

        RestoredModel restored = RestoredModel.Of(model);

        JsonNode config = JsonNode.Parse(restored.Files["config.json"])!;
        Assert.Equal(kind, (string?)config["rope_scaling"]?["rope_type"]);
        Assert.Equal(kind is null ? null : 4, config["rope_scaling"]?["factor"]?.GetValue<double>());
    }

    private static IEnumerable<(string, GgufType, ImmutableArray<long>, byte[])> Same(GgufTensor tensor, byte[] bytes) =>
        [(tensor.Name, tensor.Type, tensor.Shape, bytes)];

    private static float[] ValuesOf(RestoredTensor tensor)
    {
        float[] values = new float[tensor.Shape.Aggregate(1L, (product, side) => product * side)];
        tensor.Read(0, values);
        return values;
    }

    /// <summary>Writes a file anew with other keys and tensors.</summary>
    private string Rewrite(
        string path, Action<GgufMetadata> change,
        Func<GgufTensor, byte[], IEnumerable<(string Name, GgufType Type, ImmutableArray<long> Shape, byte[] Bytes)>> tensors)
    {
        using var model = GgufModel.Open(path);
        var metadata = new GgufMetadata();
        foreach ((string key, GgufValue value) in model.Metadata)
            metadata.Add(key, value);
        change(metadata);
        (string Name, GgufType Type, ImmutableArray<long> Shape, byte[] Bytes)[] all = [.. model.Tensors.SelectMany(tensor =>
        {
            byte[] bytes = new byte[tensor.ByteLength];
            model.FileOf(tensor).ReadInto(tensor, 0, bytes);
            return tensors(tensor, bytes);
        })];
        var layout = GgufFileLayout.Create(metadata, all.Select(tensor => (tensor.Name, tensor.Type, tensor.Shape)));
        string rewritten = _folder.File("rewritten.gguf");
        using GgufWriter writer = GgufWriter.Create(rewritten, layout);
        foreach ((GgufTensor placed, byte[] bytes) in layout.Tensors.Zip(all, (placed, tensor) => (placed, tensor.Bytes)))
            writer.Write(placed, 0, bytes);
        writer.Commit();
        return rewritten;
    }

    private string Write(ExactMerge merge, string type) =>
        GgufModelWriter.Write(GgufLayoutBuilder.Build(merge.Source, type), _folder.Path, "model", null, new TensorAssembler(merge.Read, threads: 1))[0];

    private GgufSource SourceOf(RestoredModel restored)
    {
        string folder = Directory.CreateDirectory(_folder.File("restored")).FullName;
        foreach ((string name, byte[] bytes) in restored.Files)
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
        using var config = JsonDocument.Parse(restored.Files["config.json"]);
        SideFiles files = SideFiles.OfFolder(folder);
        ImmutableArray<SourceTensor> tensors = [.. restored.Tensors.Select(tensor => new SourceTensor(tensor.Name, DType.BF16, tensor.Shape))];
        return new GgufSource(config.RootElement.Clone(), tensors, files, [files], []);
    }

    private static double[] Merge(RestoredTensor tensor, Dictionary<string, Numbers> adapter, double scaling)
    {
        float[] values = new float[tensor.Shape.Aggregate(1L, (product, side) => product * side)];
        tensor.Read(0, values);
        double[] merged = Array.ConvertAll(values, value => (double)value);
        string module = $"base_model.model.{tensor.Name[..^".weight".Length]}";
        if (!adapter.TryGetValue($"{module}.lora_A.weight", out Numbers? a))
            return merged;
        Numbers b = adapter[$"{module}.lora_B.weight"];
        for (long o = 0; o < b.Shape[0]; o++)
        {
            for (long i = 0; i < a.Shape[1]; i++)
            {
                for (long k = 0; k < a.Shape[0]; k++)
                    merged[(o * a.Shape[1]) + i] += scaling * b.Values[(o * a.Shape[0]) + k] * a.Values[(k * a.Shape[1]) + i];
            }
        }

        return merged;
    }
}
