using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Text;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Quantized;

/// <summary>Forms of quantised weights as published models have them, beside those of the golden cases; each against its formula, written out.</summary>
public sealed class WildFormTests
{
    private const string Groups = "{\"quant_method\": \"compressed-tensors\", \"config_groups\": {\"g\": {\"targets\": [\"Linear\"], \"weights\": ";

    private const string Q = "model.layers.0.self_attn.q_proj", Up = "model.layers.1.mlp.up_proj";

    private static readonly Random s_random = new(3);

    [Fact]
    public void AutoFP8_has_a_scale_of_the_whole_weight_and_no_inv_in_its_name()
    {
        byte[] codes = Bytes(24);
        AssertValues(
            Base("{\"quant_method\": \"fp8\", \"activation_scheme\": \"static\"}").Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes))
                .With(Up + ".weight_scale", DType.F32, [1], 0.37).With(Up + ".input_scale", DType.F32, [1], 2)
                .With("model.layers.1.self_attn.kv_scale", DType.F32, [1], 2),
            Up, [6, 4], i => Float8(codes[i]) * 0.37f, "FP8", 2);
    }

    [Fact]
    public void Fbgemm_has_a_scale_for_each_row()
    {
        byte[] codes = Bytes(24);
        double[] scales = [1.5, 0.25, 3, 0.1f, 7, 0.3f];
        AssertValues(
            Base("{\"quant_method\": \"fbgemm_fp8\"}").Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes))
                .With(Up + ".weight_scale", DType.F32, [6, 1], scales).With(Up + ".input_scale_ub", DType.F32, [1], 1200),
            Up, [6, 4], i => Float8(codes[i]) * (float)scales[i / 4], "FP8", 1);
    }

    [Fact]
    public void ModelOpt_may_say_all_in_a_file_of_its_own_and_have_scales_of_one_side()
    {
        byte[] codes = Bytes(24);
        double[] scales = [1.5, 0.25, 3, 0.1f, 7, 0.3f];
        AssertValues(
            TinyCheckpoint.Llama().File("hf_quant_config.json",
                "{\"producer\": {\"name\": \"modelopt\"}, \"quantization\": {\"quant_algo\": \"FP8\", \"kv_cache_quant_algo\": \"FP8\"}}")
                .Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes)).With(Up + ".weight_scale", DType.F32, [6], scales)
                .With("model.layers.0.self_attn.k_proj.k_scale", DType.F32, [1], 1).With("model.layers.0.self_attn.v_proj.v_scale", DType.F32, [1], 1),
            Up, [6, 4], i => Float8(codes[i]) * (float)scales[i / 4], "modelopt FP8", 2);
    }

    [Fact]
    public void MXFP8_has_exponents_for_32_columns()
    {
        byte[] codes = Bytes(2 * 64), exponents = [120, 130, 127, 126];
        AssertValues(
            Base(Groups + "{\"num_bits\": 8, \"type\": \"float\", \"group_size\": 32}}}}")
                .Add(Raw(Up + ".weight", DType.F8_E4M3, [2, 64], codes)).Add(Raw(Up + ".weight_scale", DType.U8, [2, 2], exponents)),
            Up, [2, 64], i => Float8(codes[i]) * Math.ScaleB(1, exponents[i / 32] - 127), "compressed-tensors FP8", 0);
    }

    [Fact]
    public void Blocks_of_experts_stacked_in_one_tensor_have_a_grid_each()
    {
        byte[] codes = Bytes(2 * 3 * 4);
        double[] scales = [0.5, 2, 3, 0.25, 5, 6, 7, 8]; // [2, 2, 2], blocks of 2 by 2
        AssertValues(
            Base("{\"quant_method\": \"fp8\", \"weight_block_size\": [2, 2]}")
                .Add(Raw("model.layers.0.mlp.experts.gate_up_proj", DType.F8_E4M3, [2, 3, 4], codes))
                .With("model.layers.0.mlp.experts.gate_up_proj_scale_inv", DType.F32, [2, 2, 2], scales),
            "model.layers.0.mlp.experts.gate_up_proj", [2, 3, 4], i => Float8(codes[i]) * scales[(i / 12 * 4) + (i % 12 / 4 / 2 * 2) + (i % 4 / 2)], "FP8", 0);
    }

    [Fact]
    public void Modules_may_have_widths_of_their_own_by_name_or_expression()
    {
        byte[] codes = Bytes(24);
        int[] packed = [0x7654_3210, unchecked((int)0xFEDC_BA98)];
        TinyCheckpoint model = Base("""
            {"quant_method": "compressed-tensors", "format": "mixed-precision", "config_groups": {
              "a": {"targets": ["re:.*up_proj$"], "weights": {"num_bits": 8, "type": "float", "strategy": "channel"}},
              "b": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 4}}}}
            """)
            .Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes)).With(Up + ".weight_scale", DType.BF16, [6, 1], 1, 2, 4, 8, 0.5, 0.25)
            .Without(Q + ".weight").Add(Raw(Q + ".weight_packed", DType.I32, [2, 1], MemoryMarshal.AsBytes(packed.AsSpan()).ToArray()))
            .With(Q + ".weight_scale", DType.BF16, [2, 2], 0.5, 2, 1, 4).With(Q + ".weight_shape", DType.I64, [2], 2, 8);
        double[] scales = [0.5, 2, 1, 4];

        AssertValues(model, Q, [2, 8], i => (((packed[i / 8] >> (i % 8 * 4)) & 15) - 8) * scales[i / 4], "compressed-tensors FP8", 0,
            "compressed-tensors int4");
    }

    [Fact]
    public void Zero_points_may_be_a_byte_each()
    {
        int[] packed = [0x7654_3210, unchecked((int)0xFEDC_BA98)];
        sbyte[] zeros = [-3, 7, 0, -8];
        double[] scales = [0.5, 2, 1, 4];
        AssertValues(
            Base(Groups + "{\"num_bits\": 4, \"symmetric\": false, \"group_size\": 4}}}}")
                .Without(Q + ".weight").Add(Raw(Q + ".weight_packed", DType.I32, [2, 1], MemoryMarshal.AsBytes(packed.AsSpan()).ToArray()))
                .With(Q + ".weight_scale", DType.BF16, [2, 2], scales).With(Q + ".weight_shape", DType.I64, [2], 2, 8)
                .Add(Raw(Q + ".weight_zero_point", DType.I8, [2, 2], MemoryMarshal.AsBytes(zeros.AsSpan()).ToArray())),
            Q, [2, 8], i => (((packed[i / 8] >> (i % 8 * 4)) & 15) - 8 - zeros[i / 4]) * scales[i / 4], "compressed-tensors int4", 0);
    }

    [Fact]
    public void GPTQ_is_known_by_a_file_of_its_own_and_may_leave_out_its_order()
    {
        uint[] words = [.. Enumerable.Range(0, 8 * 8).Select(_ => (uint)s_random.Next())]; // [64·4/32, 8]
        uint[] zeros = [0x7777_7777, 0x8765_4321]; // [2, 1], stored less one
        double[] scales = [.. Enumerable.Range(0, 16).Select(i => (double)(Half)(0.01 * (i + 1)))];
        AssertValues(
            TinyCheckpoint.Llama().File("quantize_config.json", "{\"bits\": 4, \"group_size\": 32, \"desc_act\": false, \"sym\": true}").Without(Up + ".weight")
                .Add(Words(Up + ".qweight", [8, 8], words)).Add(Words(Up + ".qzeros", [2, 1], zeros)).With(Up + ".scales", DType.F16, [2, 8], scales),
            Up, [8, 64], i => Gptq(i / 64, i % 64), "GPTQ 4 bit", 0);

        double Gptq(int output, int input)
        {
            int number = (int)(words[(input / 8 * 8) + output] >> (input % 8 * 4)) & 15;
            int zero = ((int)(zeros[input / 32] >> (output * 4)) & 15) + 1;
            return (number - zero) * scales[(input / 32 * 8) + output];
        }
    }

    [Fact]
    public void AWQ_is_told_from_GPTQ_by_its_shapes_where_no_config_tells()
    {
        int[] order = [0, 4, 1, 5, 2, 6, 3, 7];
        uint[] words = [.. Enumerable.Range(0, 32 * 2).Select(_ => (uint)s_random.Next())]; // [32, 16/8]
        uint[] zeros = [0x7654_3210, 0x89AB_CDEF];
        double[] scales = [.. Enumerable.Range(0, 16).Select(i => 0.125 * (i + 1))];
        AssertValues(
            TinyCheckpoint.Llama().Without(Up + ".weight").Add(Words(Up + ".qweight", [32, 2], words)).Add(Words(Up + ".qzeros", [1, 2], zeros))
                .With(Up + ".scales", DType.BF16, [1, 16], scales),
            Up, [16, 32], i => Awq(i / 32, i % 32), "AWQ GEMM", 0);

        double Awq(int output, int input)
        {
            int shift = order[output % 8] * 4;
            return ((int)((words[(input * 2) + (output / 8)] >> shift) & 15) - (int)((zeros[output / 8] >> shift) & 15)) * scales[output];
        }
    }

    /// <summary>48 columns of 3 bits are 5 words, dense or not; 96 columns are 9 or 10.</summary>
    [Fact]
    public void Words_that_may_be_packed_either_way_are_packed_as_the_others_of_the_base()
    {
        uint[] words = [.. Enumerable.Range(0, 10).Select(_ => (uint)s_random.Next())], others = new uint[20];
        TinyCheckpoint model = Base("""
            {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {
              "a": {"targets": ["Linear"], "weights": {"num_bits": 3, "type": "int", "symmetric": true, "strategy": "channel"}}}}
            """)
            .Without(Q + ".weight").Add(Words(Q + ".weight_packed", [2, 5], words)).With(Q + ".weight_scale", DType.BF16, [2, 1], 0.5, 2)
            .With(Q + ".weight_shape", DType.I64, [2], 2, 48);
        double[] scales = [0.5, 2];

        AssertValues(model, Q, [2, 48], Dense, "compressed-tensors int3", 0);
        model = model.Without(Up + ".weight").Add(Words(Up + ".weight_packed", [2, 10], others)).With(Up + ".weight_scale", DType.BF16, [2, 1], 1, 1)
            .With(Up + ".weight_shape", DType.I64, [2], 2, 96);
        AssertValues(
            model, Q, [2, 48], i => ((int)((words[(i / 48 * 5) + (i % 48 / 10)] >> (i % 48 % 10 * 3)) & 7) - 4) * scales[i / 48], "compressed-tensors int3", 0);

        double Dense(int i)
        {
            int bit = i % 48 * 3;
            ulong window = words[(i / 48 * 5) + (bit / 32)] | (bit / 32 < 4 ? (ulong)words[(i / 48 * 5) + (bit / 32) + 1] << 32 : 0);
            return ((int)((window >> (bit % 32)) & 7) - 4) * scales[i / 48];
        }
    }

    [Fact]
    public void Blocks_whose_sides_nobody_tells_are_said_to_be_such()
    {
        using var folder = new TestFolder();
        string path = Base("{\"quant_method\": \"fp8\", \"weight_block_size\": null}").Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], Bytes(24)))
            .With(Up + ".weight_scale_inv", DType.F32, [3, 2], 1, 2, 3, 4, 5, 6).WriteTo(folder["base"]);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => BaseModels.Open(path));

        Assert.Equal(DiagnosticCode.QuantizedShapeMismatch, fault.Code);
        Assert.Contains("blocks whose sides config.json tells, which it does not", fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public void Each_expert_may_have_one_scale()
    {
        byte[] codes = Bytes(2 * 3 * 4);
        double[] scales = [0.5, 3];
        AssertValues(
            Base("{\"quant_method\": \"fp8\"}").Add(Raw("model.layers.0.mlp.experts.down_proj", DType.F8_E4M3, [2, 3, 4], codes))
                .With("model.layers.0.mlp.experts.down_proj_scale_inv", DType.F32, [2], scales),
            "model.layers.0.mlp.experts.down_proj", [2, 3, 4], i => Float8(codes[i]) * scales[i / 12], "FP8", 0);
    }

    /// <summary>Blocks of compressed-tensors, as its releases wrote them one after another.</summary>
    [Theory]
    [InlineData("[2, 3]")]
    [InlineData("\"2x3\"")]
    public void Sides_of_a_block_may_be_a_text(string block)
    {
        byte[] codes = Bytes(24);
        double[] scales = [0.5, 2, 3, 0.25, 5, 6];
        AssertValues(
            Base("""
                {"quant_method": "compressed-tensors", "format": "float-quantized", "config_groups": {
                  "a": {"targets": ["Linear"], "weights": {"num_bits": 8, "block_structure": BLOCK}}}}
                """.Replace("BLOCK", block, StringComparison.Ordinal))
                .Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes)).With(Up + ".weight_scale", DType.F32, [3, 2], scales),
            Up, [6, 4], i => Float8(codes[i]) * scales[(i / 4 / 2 * 2) + (i % 4 / 3)], "compressed-tensors FP8", 0);
    }

    [Fact]
    public void AutoAWQ_has_names_of_its_own_for_the_settings_in_a_file_of_its_own()
    {
        uint[] words = [.. Enumerable.Range(0, 16 * 8).Select(_ => (uint)s_random.Next())]; // [16, 64/8]
        uint[] zeros = [.. Enumerable.Range(0, 16 * 4).Select(i => i % 4 == 0 ? (uint)s_random.Next() : 0)]; // [16, 4]: 2 groups of 32, padded
        double[] scales = [.. Enumerable.Range(0, 16 * 32).Select(i => i % 32 < 2 ? 0.125 * (i + 1) : 0)];
        AssertValues(
            TinyCheckpoint.Llama().File("quant_config.json", "{\"zero_point\": true, \"q_group_size\": 32, \"w_bit\": 4, \"version\": \"GEMV\"}")
                .Without(Up + ".weight").Add(Words(Up + ".qweight", [16, 8], words)).Add(Words(Up + ".qzeros", [16, 4], zeros))
                .With(Up + ".scales", DType.F16, [16, 32], scales),
            Up, [16, 64],
            i => ((int)((words[i / 8] >> (i % 8 * 4)) & 15) - (int)((zeros[i / 64 * 4] >> (i % 64 / 32 * 4)) & 15)) * scales[(i / 64 * 32) + (i % 64 / 32)],
            "AWQ GEMV", 0);
    }

    [Fact]
    public void One_zero_point_for_all_is_a_byte()
    {
        byte[] packed = Bytes(16);
        TinyCheckpoint model = Base("""
            {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {
              "a": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "symmetric": false, "strategy": "tensor"}}}}
            """)
            .Without(Q + ".weight").Add(Raw(Q + ".weight_packed", DType.I32, [2, 2], packed)).With(Q + ".weight_scale", DType.BF16, [1], 0.5)
            .Add(Raw(Q + ".weight_zero_point", DType.I8, [1], [253])).With(Q + ".weight_shape", DType.I64, [2], 2, 16);

        AssertValues(model, Q, [2, 16], i => (((packed[i / 2] >> (i % 2 * 4)) & 15) - 8 + 3) * 0.5, "compressed-tensors int4", 0);
    }

    [Theory]
    [InlineData("gptq")]
    [InlineData("awq")]
    public void A_module_may_have_groups_of_its_own(string method)
    {
        bool isAwq = method == "awq";
        uint[] words = [.. Enumerable.Range(0, 64).Select(_ => (uint)s_random.Next())]; // 8 outputs, 64 inputs
        double[] scales = [.. Enumerable.Range(0, 32).Select(i => 0.125 * (i + 1))];
        TinyCheckpoint model = Base("""
            {"quant_method": "METHOD", "bits": 4, "group_size": 32, "checkpoint_format": "FORMAT", "dynamic": {"+:.*up.*": {"group_size": 16}}}
            """.Replace("METHOD", method, StringComparison.Ordinal).Replace("FORMAT", isAwq ? "gemm" : "gptq_v2", StringComparison.Ordinal))
            .Without(Up + ".weight").Add(Words(Up + ".qweight", isAwq ? [64, 1] : [8, 8], words)).Add(Words(Up + ".qzeros", [4, 1], [0, 0, 0, 0]))
            .With(Up + ".scales", DType.F16, [4, 8], scales);
        if (!isAwq)
            model = model.Add(Raw(Up + ".g_idx", DType.I32, [64], MemoryMarshal.AsBytes([.. Enumerable.Range(0, 64).Select(i => i / 16)]).ToArray()));
        int[] order = [0, 4, 1, 5, 2, 6, 3, 7];

        AssertValues(
            model, Up, [8, 64],
            i => ((isAwq ? words[i % 64] >> (order[i / 64] * 4) : words[(i % 64 / 8 * 8) + (i / 64)] >> (i % 8 * 4)) & 15)
                * scales[(i % 64 / 16 * 8) + (i / 64)],
            isAwq ? "AWQ GEMM" : "GPTQ 4 bit", 0, canBeKept: true);
    }

    [Theory]
    [InlineData("auto_round:auto_gptq", 1)]
    [InlineData("auto_round:gptqmodel", 0)]
    [InlineData("auto_round", 0)]
    public void AutoRound_packs_as_GPTQ_does_and_says_whether_zero_points_are_less_one(string packing, int added)
    {
        uint[] words = [.. Enumerable.Range(0, 64).Select(_ => (uint)s_random.Next())]; // 8 outputs, 64 inputs
        uint[] zeros = [0x7777_7777, 0x0123_4567, 0x8765_4321, 0x7070_7070];
        double[] scales = [.. Enumerable.Range(0, 32).Select(i => 0.125 * (i + 1))];
        TinyCheckpoint model = Base("""
            {"quant_method": "auto-round", "packing_format": "PACKING", "bits": 4, "group_size": 32, "sym": false, "data_type": "int",
             "extra_config": {"model.layers.0.mlp.up_proj": {"group_size": 16}}}
            """.Replace("PACKING", packing, StringComparison.Ordinal))
            .Without(Up + ".weight").Add(Words(Up + ".qweight", [8, 8], words)).Add(Words(Up + ".qzeros", [4, 1], zeros))
            .With(Up + ".scales", DType.F16, [4, 8], scales);

        AssertValues(model, Up, [8, 64], i => Value(i / 64, i % 64), "GPTQ 4 bit", 0, canBeKept: true);

        double Value(int output, int input) =>
            ((int)((words[(input / 8 * 8) + output] >> (input % 8 * 4)) & 15) - ((int)(zeros[input / 16] >> (output * 4)) & 15) - added)
                * scales[(input / 16 * 8) + output];
    }

    [Fact]
    public void AutoRound_packs_as_AWQ_does_where_it_says_so()
    {
        int[] order = [0, 4, 1, 5, 2, 6, 3, 7];
        uint[] words = [.. Enumerable.Range(0, 32).Select(_ => (uint)s_random.Next())];
        double[] scales = [.. Enumerable.Range(0, 8).Select(i => 0.125 * (i + 1))];
        AssertValues(
            Base("""{"quant_method": "auto-round", "packing_format": "auto_round:auto_awq", "bits": 4, "group_size": 32, "sym": true}""")
                .Without(Up + ".weight").Add(Words(Up + ".qweight", [32, 1], words)).Add(Words(Up + ".qzeros", [1, 1], [0x8888_8888]))
                .With(Up + ".scales", DType.F16, [1, 8], scales),
            Up, [8, 32], i => ((int)((words[i % 32] >> (order[i / 32] * 4)) & 15) - 8) * scales[i / 32], "AWQ GEMM", 0, canBeKept: true);
    }

    [Theory]
    [InlineData("\"packing_format\": \"auto_round:auto_gptq\", \"act_bits\": 8")]
    [InlineData("\"packing_format\": \"auto_round:auto_gptq\", \"data_type\": \"mx_fp\"")]
    [InlineData("\"packing_format\": \"auto_round:auto_gptq\", \"rotation_config\": {\"hadamard_type\": \"hadamard\"}")]
    [InlineData("\"packing_format\": \"auto_round:exllamav2\"")]
    [InlineData("\"bits\": 4")]
    public void What_AutoRound_packs_in_other_ways_is_refused_by_name(string settings)
    {
        using var folder = new TestFolder();
        string path = Base($"{{\"quant_method\": \"auto-round\", {settings}}}")
            .Without(Up + ".weight").Add(Words(Up + ".qweight", [8, 8], new uint[64])).Add(Words(Up + ".qzeros", [2, 1], [0, 0]))
            .With(Up + ".scales", DType.F16, [2, 8], new double[16]).WriteTo(folder["base"]);

        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => BaseModels.Open(path));

        Assert.Equal(DiagnosticCode.BaseIsQuantized, fault.Code);
        Assert.Contains("auto-round", fault.Message, StringComparison.Ordinal);
        folder.Passed();
    }

    [Fact]
    public void ModelOpts_blocks_have_sides_of_one_between_their_own()
    {
        byte[] codes = Bytes(130 * 256);
        double[] scales = [0.5, 2, 0.25, 4];
        AssertValues(
            Base("{\"quant_method\": \"modelopt\", \"quant_algo\": \"FP8_PB_WO\"}").Add(Raw(Up + ".weight", DType.F8_E4M3, [130, 256], codes))
                .With(Up + ".weight_scale", DType.F32, [2, 1, 2, 1], scales),
            Up, [130, 256], i => Float8(codes[i]) * scales[(i / 256 / 128 * 2) + (i % 256 / 128)], "modelopt FP8", 0);
    }

    [Theory]
    [InlineData("modelopt")]
    [InlineData("modelopt_fp4")]
    public void ModelOpts_ways_have_names_of_their_own(string method)
    {
        byte[] codes = Bytes(16), scales = Bytes(2);
        double[] values = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];
        AssertValues(
            Base($$"""{"quant_method": "{{method}}", "quant_algo": "NVFP4"}""").Add(Raw(Up + ".weight", DType.U8, [2, 8], codes))
                .Add(Raw(Up + ".weight_scale", DType.F8_E4M3, [2, 1], scales)).With(Up + ".weight_scale_2", DType.F32, [], 0.5),
            Up, [2, 16], i => values[(codes[i / 2] >> (i % 2 * 4)) & 15] * Float8(scales[i / 16]) * 0.5, "modelopt NVFP4", 0);
    }

    /// <summary>Down the inputs as Llama 4 and gpt-oss have them, or along them; one scale for all, or one for each expert.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void ModelOpts_experts_may_be_stacked(bool arePackedDown, bool hasGlobals)
    {
        const string name = "model.layers.0.mlp.experts.gate_up_proj";
        const int experts = 2, inputs = 64, outputs = 3;
        byte[] codes = Bytes(experts * inputs * outputs / 2), scales = Bytes(experts * inputs * outputs / 16);
        double[] values = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], globals = hasGlobals ? [0.5, 0.75] : [0.5];
        long[] Shape(int perByte) => arePackedDown ? [experts, inputs / perByte, outputs] : [experts, outputs, inputs / perByte];
        int At(int i, int together) => arePackedDown ? (i / outputs / together * outputs) + (i % outputs) : i / together;

        AssertValues(
            Base("""{"quant_method": "modelopt", "quant_algo": "NVFP4"}""")
                .Add(Raw(name, DType.U8, Shape(2), codes)).Add(Raw(name + "_weight_scale", DType.F8_E4M3, Shape(16), scales))
                .With(name + "_weight_scale_2", DType.F32, hasGlobals ? [experts] : [], globals).With(name + "_input_scale", DType.F32, [], 1),
            name, Shape(1),
            i => values[(codes[At(i, 2)] >> ((arePackedDown ? i / outputs : i) % 2 * 4)) & 15] * Float8(scales[At(i, 16)])
                * globals[hasGlobals ? i / (inputs * outputs) : 0],
            "modelopt NVFP4", 1);
    }

    [Theory]
    [InlineData(new long[] { 2, 3, 3 }, new long[] { 1 })] // no way of packing
    [InlineData(new long[] { 2, 4, 3 }, new long[] { 2, 2 })] // one for gate and one for up: which rows are which is not told
    public void A_stack_whose_parts_do_not_fit_is_refused(long[] ofScales, long[] ofGlobals)
    {
        const string name = "model.layers.0.mlp.experts.gate_up_proj";
        using var folder = new TestFolder();
        string model = Base("""{"quant_method": "modelopt", "quant_algo": "NVFP4"}""").Add(Raw(name, DType.U8, [2, 32, 3], Bytes(192)))
            .Add(Raw(name + "_weight_scale", DType.F8_E4M3, ofScales, Bytes((int)ofScales.Aggregate((one, other) => one * other))))
            .With(name + "_weight_scale_2", DType.F32, ofGlobals, [.. Enumerable.Repeat(1.0, (int)ofGlobals.Aggregate((one, other) => one * other))])
            .WriteTo(folder["base"]);

        Assert.Equal(DiagnosticCode.QuantizedShapeMismatch, Assert.Throws<LoraMergeException>(() => BaseModels.Open(model)).Code);
        folder.Passed();
    }

    [Fact]
    public void Bitsandbytes_may_have_an_odd_number_of_values_and_experts_in_one_tensor()
    {
        const string name = "model.layers.0.mlp.experts.down_proj";
        byte[] codes = Bytes(23); // 45 values of [3, 3, 5], blocks of 16
        double[] absmax = [1.25, 0.3f, 7], map = [.. Enumerable.Range(0, 16).Select(i => (double)(float)((i - 8) / 8.1))];
        byte[] state = Encoding.UTF8.GetBytes("{\"quant_type\": \"nf4\", \"blocksize\": 16, \"dtype\": \"bfloat16\", \"shape\": [3, 3, 5]}");
        AssertValues(
            Base("{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}").Add(Raw(name, DType.U8, [23, 1], codes))
                .With(name + ".absmax", DType.F32, [3], absmax).With(name + ".quant_map", DType.F32, [16], map)
                .Add(Raw(name + ".quant_state.bitsandbytes__nf4", DType.U8, [state.Length], state)),
            name, [3, 3, 5], i => map[(codes[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15] * absmax[i / 16], "bitsandbytes NF4", 0);
    }

    [Fact]
    public async Task A_quantised_base_is_merged_verified_compared_and_kept_as_GGUF_as_a_plain_one_is()
    {
        byte[] codes = Bytes(24, below: 0x70);
        TinyCheckpoint model = Base("{\"quant_method\": \"fp8\"}").Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes))
            .With(Up + ".weight_scale_inv", DType.F32, [], 0.37);
        using var bench = new Workbench(model, TinyAdapter.ForLlama());

        MergeResult result = await bench.MergeAsync();
        CommandLineRun verified = await CommandLineRun.Of("verify", bench.OutputPath, "--base", bench.Base, "--adapter", bench.Adapter, "--device", "cpu");
        CommandLineRun plan = await CommandLineRun.Of("plan", "--base", bench.Base, "--adapter", bench.Adapter);
        CommandLineRun inspected = await CommandLineRun.Of("inspect", bench.Base);
        CommandLineRun diff = await CommandLineRun.Of("diff", bench.Base, bench.OutputPath);

        Assert.Equal(2, result.Manifest.Tensors.Count);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.Equal(0, plan.ExitCode);
        Assert.Contains("FP8", inspected.Output, StringComparison.Ordinal);
        Assert.Contains(Up, diff.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("input_layernorm", diff.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Dequantize_makes_a_plain_model_and_refuses_one()
    {
        using var folder = new TestFolder();
        byte[] codes = Bytes(24, below: 0x70);
        string from = Base("{\"quant_method\": \"fp8\"}").Add(Raw(Up + ".weight", DType.F8_E4M3, [6, 4], codes))
            .With(Up + ".weight_scale_inv", DType.F32, [], 0.37)
            .WriteTo(folder["base"]);

        CommandLineRun made = await CommandLineRun.Of("dequantize", "--base", from, "--output", folder["plain"], "--dtype", "float32");
        CommandLineRun again = await CommandLineRun.Of("dequantize", "--base", folder["plain"], "--output", folder["other"]);
        CommandLineRun told = await CommandLineRun.Of("dequantize", "--base", from, "--output", folder["told"], "--json");

        Assert.Equal((0, ""), (made.ExitCode, made.Error));
        Assert.Contains("The base is FP8; its 1 quantised tensor becomes float32", made.Output, StringComparison.Ordinal);
        Assert.True(BaseModels.Open(folder["plain"]).TryFind(Up + ".weight", out TensorSource? tensor));
        float[] values = new float[24];
        using var files = new TensorFiles();
        tensor.ReadInto(files, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        Assert.Equal(codes.Select(code => (float)(Float8(code) * 0.37f)), values);
        Assert.True(File.Exists(Path.Combine(folder["plain"], "lora-merge.json")));
        Assert.Contains(((int)DiagnosticCode.BaseIsPlain).ToString(), again.Error, StringComparison.Ordinal);
        Assert.Equal(folder["told"], (string?)JsonNode.Parse(told.Output)!["folder"]);
        folder.Passed();
    }

    internal static TinyCheckpoint Base(string quantization) => TinyCheckpoint.Llama().File(
        "config.json",
        "{\"model_type\": \"llama\", \"torch_dtype\": \"bfloat16\", \"tie_word_embeddings\": false, \"vocab_size\": 8, \"quantization_config\": QUANT}"
            .Replace("QUANT", quantization, StringComparison.Ordinal));

    internal static TinyTensor Raw(string name, DType dtype, long[] shape, byte[] bytes) => new(name, dtype, [.. shape], bytes);

    internal static TinyTensor Words(string name, long[] shape, uint[] words) => Raw(name, DType.I32, shape, MemoryMarshal.AsBytes(words.AsSpan()).ToArray());

    internal static byte[] Bytes(int count, int below = 256) =>
        [.. Enumerable.Range(0, count).Select(_ => (byte)s_random.Next(below)).Select(code => (code & 0x7F) == 0x7F ? (byte)0x30 : code)];

    /// <summary>E4M3 by its definition.</summary>
    internal static double Float8(byte code)
    {
        int exponent = (code >> 3) & 15, mantissa = code & 7;
        double magnitude = exponent == 0 ? mantissa / 512.0 : (1 + (mantissa / 8.0)) * Math.Pow(2, exponent - 7);
        return code >= 128 ? -magnitude : magnitude;
    }

    internal static void AssertValues(TinyCheckpoint model, string module, long[] shape, Func<int, double> expected, string form, int dropped,
        string? other = null, bool canBeKept = false)
    {
        using var folder = new TestFolder();
        Checkpoint checkpoint = BaseModels.Open(model.WriteTo(folder["base"]));
        int stored = checkpoint.Shards.Sum(shard => shard.Tensors.Length);

        Assert.True(checkpoint.TryFind(module + ".weight", out TensorSource? tensor) || checkpoint.TryFind(module, out tensor));
        using var files = new TensorFiles();
        double[] values = PackedBase.Values(tensor.WideEnoughFor(DType.F64), files);

        if (canBeKept)
            Assert.Null(((QuantizedTensor)tensor).Codec.RequantizeObstacle(files));
        Assert.Equal(shape, tensor.Shape);
        Assert.Equal(Enumerable.Range(0, values.Length).Select(expected), values);
        Assert.Equal(other is null ? form : $"{other} and {form}", checkpoint.Form!.Name);
        int parts = checkpoint.Tensors.OfType<QuantizedTensor>().Sum(quantized => quantized.Parts.Length - 1);
        int states = checkpoint.Shards[0].Tensors.Count(part => part.Name.Contains("quant_state", StringComparison.Ordinal)
            || part.Name.EndsWith("weight_shape", StringComparison.Ordinal));
        Assert.Equal(stored - parts - dropped - states, checkpoint.Tensors.Count());
        folder.Passed();
    }
}
