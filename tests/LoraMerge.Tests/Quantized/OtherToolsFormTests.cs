using System.Text;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;
using static LoraMerge.Tests.Quantized.WildFormTests;

namespace LoraMerge.Tests.Quantized;

/// <summary>Bases that look like a form that is read and are another one, or the same under names of other tools.</summary>
public sealed class OtherToolsFormTests
{
    private const string Up = "model.layers.1.mlp.up_proj", Q = "model.layers.0.self_attn.q_proj", Square = "transformer.h.0.attn.c_proj";

    private static readonly double[] E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];

    /// <summary>Quantisers turn the weight of a Conv1D round and store it as a linear layer's; a plain model has it by inputs.</summary>
    [Theory]
    [InlineData("gpt2", true)]
    [InlineData("gpt_bigcode", false)] // has linear layers of the same names
    public void Layers_of_GPT_2_in_int8_lie_by_inputs_again(string family, bool isTurned)
    {
        byte[] codes = Bytes(16);
        double[] scales = [1.5, 0.25, 3, 0.1f];
        AssertValues(
            Gpt(family).Add(Raw(Square + ".weight", DType.I8, [4, 4], codes)).With(Square + ".SCB", DType.F32, [4], scales),
            Square, [4, 4], i => Value(isTurned ? i % 4 : i / 4, isTurned ? i / 4 : i % 4), "bitsandbytes int8", 0);

        double Value(int output, int input) => (sbyte)codes[(output * 4) + input] * (scales[output] * 7.874015718698502e-3f);
    }

    [Fact]
    public void Layers_of_GPT_2_in_NF4_and_GPTQ_lie_by_inputs_again()
    {
        const string fc = "transformer.h.0.mlp.c_fc";
        byte[] codes = Bytes(20); // [40 values], of a weight of 8 outputs and 5 inputs
        double[] absmax = [1.25, 0.3f, 7], map = [.. Enumerable.Range(0, 16).Select(i => (double)(float)((i - 8) / 8.1))];
        byte[] state = Encoding.UTF8.GetBytes("{\"quant_type\": \"nf4\", \"blocksize\": 16, \"dtype\": \"float16\", \"shape\": [8, 5]}");
        AssertValues(
            Gpt("gpt2").Add(Raw(fc + ".weight", DType.U8, [20, 1], codes)).With(fc + ".weight.absmax", DType.F32, [3], absmax)
                .With(fc + ".weight.quant_map", DType.F32, [16], map)
                .Add(Raw(fc + ".weight.quant_state.bitsandbytes__nf4", DType.U8, [state.Length], state)),
            fc, [5, 8], i => Nf4((i % 8 * 5) + (i / 8)), "bitsandbytes NF4", 0);

        uint[] words = [.. Enumerable.Range(0, 32).Select(i => 0x9E37_79B9u * (uint)(i + 1))]; // [32·4/32, 8]
        double[] scales = [.. Enumerable.Range(0, 8).Select(i => 0.125 * (i + 1))];
        AssertValues(
            Gpt("gpt2").Add(Words(fc + ".qweight", [4, 8], words)).Add(Words(fc + ".qzeros", [1, 1], [0x7777_7777]))
                .With(fc + ".scales", DType.F16, [1, 8], scales)
                .Add(Raw(fc + ".g_idx", DType.I32, [32], new byte[128])),
            fc, [32, 8], i => ((int)((words[(i / 8 / 8 * 8) + (i % 8)] >> (i / 8 % 8 * 4)) & 15) - 8) * scales[i % 8], "GPTQ 4 bit", 0);

        double Nf4(int at) => map[(codes[at / 2] >> (at % 2 == 0 ? 4 : 0)) & 15] * absmax[at / 16];
    }

    [Fact]
    public async Task A_layer_that_lies_the_other_way_takes_the_delta_its_way_and_cannot_keep_its_form()
    {
        TinyCheckpoint model = Gpt("gpt2").Add(Raw(Square + ".weight", DType.I8, [4, 4], [.. Enumerable.Range(0, 16).Select(i => (byte)i)]))
            .With(Square + ".SCB", DType.F32, [4], 127, 127, 127, 127);
        using var bench = new Workbench(model, TinyAdapter.Lora(1).With($"{Square}.lora_A.weight", DType.F32, [1, 4], 1, 0, 0, 0) // scaling 2
            .With($"{Square}.lora_B.weight", DType.F32, [4, 1], 0, 100, 0, 0));

        await bench.MergeAsync(bench.Request() with { DType = new Planning.OutputDType(DType.F32) });
        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync(bench.Request() with { KeepsQuantization = true }));

        Assert.True(Checkpoint.OpenStored(bench.OutputPath, InputListing.OfBase(bench.OutputPath)).TryFind(Square + ".weight", out TensorSource? merged));
        using var files = new TensorFiles();
        byte[] bytes = new byte[64];
        merged.ReadInto(files, 0, bytes);
        float[] values = [.. Enumerable.Range(0, 16).Select(i => BitConverter.ToSingle(bytes, i * 4))];
        Assert.Equal(
            Enumerable.Range(0, 16).Select(i => (float)((i % 4 * 4) + (i / 4) + (i == 1 ? 200 : 0))), values, (one, other) => Math.Abs(one - other) < 1e-4);
        Assert.Equal(DiagnosticCode.RequantizeImpossible, fault.Code);
        bench.Passed();
    }

    /// <summary>Of ComfyUI's files.</summary>
    [Theory]
    [InlineData("float8_e4m3fn", DType.F8_E4M3)]
    [InlineData("int8_tensorwise", DType.I8)]
    public void What_ComfyUI_marks_as_one_scale_for_all_is_read_and_its_mark_left_out(string format, object type)
    {
        byte[] codes = Bytes(24), mark = Encoding.UTF8.GetBytes($"{{\"format\": \"{format}\", \"full_precision_matrix_mult\": true}}");
        var dtype = (DType)type;
        AssertValues(
            TinyCheckpoint.Llama().Add(Raw(Up + ".weight", dtype, [6, 4], codes)).With(Up + ".weight_scale", DType.F32, [], 0.5)
                .With(Up + ".input_scale", DType.F32, [], 1).Add(Raw(Up + ".comfy_quant", DType.U8, [mark.Length], mark)),
            Up, [6, 4], i => (dtype == DType.I8 ? (sbyte)codes[i] : Float8(codes[i])) * 0.5, dtype == DType.I8 ? "int8" : "FP8", 2);
    }

    [Theory]
    [InlineData("{\"format\": \"nvfp4\"}", "ComfyUI, nvfp4")] // the names and shapes of ModelOpt's, in another order
    [InlineData("{\"format\": \"int8_tensorwise\", \"convrot\": true}", "ComfyUI, int8_tensorwise with convrot")]
    [InlineData("no JSON", "ComfyUI, unknown")]
    public void What_ComfyUI_marks_as_a_form_of_its_own_is_refused_by_name(string mark, string form)
    {
        byte[] text = Encoding.UTF8.GetBytes(mark);
        AssertRefused(
            TinyCheckpoint.Llama().Add(Raw(Up + ".weight", DType.U8, [6, 8], Bytes(48))).Add(Raw(Up + ".weight_scale", DType.F8_E4M3, [6, 1], Bytes(6)))
                .With(Up + ".weight_scale_2", DType.F32, [], 0.5).Add(Raw(Up + ".comfy_quant", DType.U8, [text.Length], text)),
            form);
    }

    [Theory]
    [InlineData("nvfp4", false)]
    [InlineData("float8_e4m3fn", true)]
    public async Task A_header_may_say_it_too_and_a_plain_result_says_it_no_more(string format, bool isRead)
    {
        using var bench = new Workbench(
            TinyCheckpoint.Llama().Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], Bytes(24))).With(Up + ".weight_scale", DType.F32, [], 0.5),
            TinyAdapter.ForLlama());
        string file = bench.InBase("model.safetensors");
        AddToHeader(file, """{"_quantization_metadata":"{\"layers\": {\"MODULE\": {\"format\": \"FORMAT\"}}}","format":"pt"}"""
            .Replace("MODULE", Up, StringComparison.Ordinal).Replace("FORMAT", format, StringComparison.Ordinal));

        if (!isRead)
        {
            Assert.Equal(DiagnosticCode.BaseIsQuantized, (await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync())).Code);
            bench.Passed();
            return;
        }
        await bench.MergeAsync();

        Assert.Equal(["format"], Shard.Read(Path.Combine(bench.OutputPath, "model.safetensors")).Metadata.Keys);
        Assert.Contains("_quantization_metadata", Shard.Read(file).Metadata.Keys);
        bench.Passed();
    }

    /// <summary>ComfyUI's earlier files and neural-compressor; Mistral's own files; DeepSeek's own.</summary>
    [Theory]
    [InlineData("scale_weight", "scale_input")]
    [InlineData("qscale_weight", "qscale_act")]
    [InlineData("scale", "input_scale")]
    public void Scales_have_other_names_in_other_tools(string scale, string ofActivations)
    {
        byte[] codes = Bytes(24);
        AssertValues(
            TinyCheckpoint.Llama().Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes)).With($"{Up}.{scale}", DType.F32, [], 0.37)
                .With($"{Up}.{ofActivations}", DType.F32, [], 2).Add(Raw("scaled_fp8", DType.F8_E4M3, [2], [0, 0])),
            Up, [6, 4], i => Float8(codes[i]) * 0.37f, "FP8", 2);
    }

    [Theory]
    [InlineData(DType.U8, "_scale", DType.U8)]
    [InlineData(DType.U8, "_scale_inv", DType.F8_E8M0)]
    [InlineData(DType.I8, "_scale_inv", DType.F8_E8M0)] // with a sign the same bytes, and no int8
    public void MXFP4_may_lie_in_bytes_of_two_beside_its_exponents(object codes, string suffix, object exponents)
    {
        byte[] packed = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 37))], scales = [120, 130, 127, 126];
        AssertValues(
            Base("{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}").Add(Raw(Up + ".weight", (DType)codes, [2, 32], packed))
                .Add(Raw(Up + ".weight" + suffix, (DType)exponents, [2, 2], scales)),
            Up, [2, 64], i => E2M1[(packed[i / 2] >> (i % 2 * 4)) & 15] * Math.ScaleB(1, scales[i / 32] - 127), "MXFP4", 0, canBeKept: true);
    }

    [Fact]
    public void What_lies_beside_codes_and_belongs_to_their_values_is_refused_by_name()
    {
        TinyCheckpoint packed = Base("{\"quant_method\": \"modelopt\"}").Add(Raw(Up + ".weight", DType.U8, [2, 8], Bytes(16)))
            .Add(Raw(Up + ".weight_scale", DType.F8_E4M3, [2, 1], Bytes(2))).With(Up + ".weight_scale_2", DType.F32, [], 0.5);
        AssertRefused(packed.With(Up + ".svdquant_lora_a", DType.BF16, [1, 16], new double[16]), "SVDQuant");
        AssertRefused(
            TinyCheckpoint.Llama().Without(Up + ".weight").Add(Raw(Up + ".indices", DType.I32, [1, 2, 2], new byte[16]))
                .With(Up + ".centroids.weight", DType.BF16, [1, 4], 1, 2, 3, 4), "VPTQ");
        AssertRefused(TinyCheckpoint.Llama().Without(Up + ".weight").With(Up + ".s_channel", DType.F32, [1, 6], new double[6]), "QQQ");
    }

    /// <summary>Its config says bits and groups under either name, and no method.</summary>
    [Theory]
    [InlineData("quantization")]
    [InlineData("quantization_config")]
    public void MLX_is_refused_by_name(string field) => AssertRefused(
        TinyCheckpoint.Llama().Add(Raw(Up + ".weight", DType.U32, [6, 8], new byte[192])).With(Up + ".scales", DType.BF16, [6, 1], 1, 2, 3, 4, 5, 6)
            .With(Up + ".biases", DType.BF16, [6, 1], 1, 2, 3, 4, 5, 6)
            .File("config.json", $$$"""{"model_type": "llama", "{{{field}}}": {"group_size": 64, "bits": 4}}"""), "(MLX;");

    [Theory]
    [InlineData("model.embed_tokens")]
    [InlineData("model.tok_embeddings")] // InternLM 2's
    public void Embeddings_may_have_a_width_of_their_own_class(string embedding)
    {
        byte[] words = Bytes(16), codes = Bytes(16);
        TinyCheckpoint model = Base("""
            {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {
              "a": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "symmetric": true, "strategy": "channel"}},
              "b": {"targets": ["Embedding"], "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel"}}}}
            """)
            .Without("model.embed_tokens.weight").Add(Raw(embedding + ".weight_packed", DType.I32, [2, 2], codes))
            .With(embedding + ".weight_scale", DType.BF16, [2, 1], 0.5, 2).With(embedding + ".weight_shape", DType.I64, [2], 2, 8)
            .Without(Q + ".weight").Add(Raw(Q + ".weight_packed", DType.I32, [2, 2], words)).With(Q + ".weight_scale", DType.BF16, [2, 1], 0.5, 2)
            .With(Q + ".weight_shape", DType.I64, [2], 2, 16);

        AssertValues(model, embedding, [2, 8], i => (codes[i] - 128) * (i < 8 ? 0.5 : 2), "compressed-tensors int4", 0, "compressed-tensors int8");
        AssertValues(
            model, Q, [2, 16], i => (((words[i / 2] >> (i % 2 * 4)) & 15) - 8) * (i < 16 ? 0.5 : 2), "compressed-tensors int4", 0, "compressed-tensors int8");
    }

    [Fact]
    public void A_table_of_centroids_without_indices_is_a_tensor_like_any_other()
    {
        using var folder = new TestFolder();
        string path = TinyCheckpoint.Llama().With("quantizer.centroids.weight", DType.BF16, [1, 4], 1, 2, 3, 4).WriteTo(folder["base"]);

        Assert.Null(BaseModels.Open(path).Form);
        folder.Passed();
    }

    /// <summary>DeepSeek writes powers of two as float32, and says so: programs take their exponents alone.</summary>
    [Theory]
    [InlineData("\"ue8m0\"", true)]
    [InlineData("null", false)]
    public void Scales_that_stand_for_exponents_stay_such_when_they_are_made_again(string format, bool arePowers)
    {
        using var folder = new TestFolder();
        string path = Base($"{{\"quant_method\": \"fp8\", \"weight_block_size\": [2, 4], \"scale_fmt\": {format}}}")
            .Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], Bytes(24))).With(Up + ".weight_scale_inv", DType.F32, [3, 1], 0.5, 2, 0.25).WriteTo(folder["base"]);
        Assert.True(BaseModels.Open(path).TryFind(Up + ".weight", out TensorSource? tensor));
        WeightCodec codec = ((QuantizedTensor)tensor).Codec;
        using var files = new TensorFiles();

        WeightEncoder encoder = codec.OpenEncoder(files);
        float[] values = [.. Enumerable.Range(0, 8).Select(i => (i - 4) * 0.7f)], decoded = new float[8];
        encoder.Encode(0, values, decoded);

        float scale = BitConverter.ToSingle(encoder.BytesOf(codec.Rewritten[1]));
        Assert.Equal(arePowers, float.IsPow2(scale));
        Assert.InRange(scale, 2.8f / 448, 2 * 2.8f / 448);
        Assert.All(values.Zip(decoded), pair => Assert.Equal(pair.First, pair.Second, 2.8f / 16));
        folder.Passed();
    }

    [Theory]
    [InlineData("online", true)]
    [InlineData("offline", false)]
    public async Task A_base_whose_weights_are_rounded_when_it_runs_is_warned_of(string mode, bool isWarned)
    {
        using var bench = new Workbench(
            Base($"{{\"quant_method\": \"bitnet\", \"linear_class\": \"autobitlinear\", \"quantization_mode\": \"{mode}\"}}"), TinyAdapter.ForLlama());

        MergeEvent.Warning[] warnings =
            [.. (await PlanAsync(bench)).OfType<MergeEvent.Warning>().Where(one => one.Code == DiagnosticCode.WeightsRoundedWhenRun)];

        Assert.Equal(isWarned ? 1 : 0, warnings.Length);
        Assert.All(warnings, warning => Assert.Contains(Q, warning.Text, StringComparison.Ordinal));
        bench.Passed();
    }

    private static async Task<List<MergeEvent>> PlanAsync(Workbench bench)
    {
        List<MergeEvent> events = [];
        await new Merger(events.Add).MergeAsync(bench.Request(), bench.OutputPath, CancellationToken.None);
        return events;
    }

    private static TinyCheckpoint Gpt(string family) => TinyCheckpoint.Empty.Filled("transformer.wte.weight", DType.BF16, 8, 4)
        .File("config.json", $"{{\"model_type\": \"{family}\", \"torch_dtype\": \"float32\", \"vocab_size\": 8}}");

    private static void AssertRefused(TinyCheckpoint model, string form)
    {
        using var folder = new TestFolder();
        string path = model.WriteTo(folder["base"]);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => BaseModels.Open(path));

        Assert.Equal(DiagnosticCode.BaseIsQuantized, fault.Code);
        Assert.Contains(form, fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    /// <summary>Puts <c>__metadata__</c> before all else of a header.</summary>
    private static void AddToHeader(string file, string metadata)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int length = (int)BitConverter.ToInt64(bytes);
        string header = Encoding.UTF8.GetString(bytes, 8, length).TrimEnd();
        string all = System.Text.RegularExpressions.Regex.Replace(header, "\"__metadata__\":\\{[^}]*\\},?", "");
        byte[] changed = Encoding.UTF8.GetBytes($"{{\"__metadata__\":{metadata},{all[1..]}");
        Array.Resize(ref changed, (changed.Length + 7) / 8 * 8);
        changed.AsSpan().Replace((byte)0, (byte)' ');
        File.WriteAllBytes(file, [.. BitConverter.GetBytes((long)changed.Length), .. changed, .. bytes.AsSpan(8 + length)]);
    }
}
