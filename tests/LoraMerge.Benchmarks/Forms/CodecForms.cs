using System.Runtime.InteropServices;
using System.Text;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>All forms of quantised weights that have a codec of their own.</summary>
internal static class CodecForms
{
    private const long Side = Form.Side, Group = 128;

    /// <summary>Words of a row's zero points.</summary>
    private const long GemvWords = ((Side / Group) + 7) / 8;

    private static readonly Tensor s_nibbles = tensor(new float[] { 0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6 });

    private static readonly string s_state = $$"""{"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [{{Side}}, {{Side}}]}""";

    public static IEnumerable<CodecForm> All =>
    [
        new("bitsandbytes NF4", """{"quant_method": "bitsandbytes", "load_in_4bit": true}""",
            [
                ("weight", DType.U8, [Side * Side / 2, 1], null), ("weight.absmax", DType.F32, [Side * Side / 64], Floats),
                    ("weight.quant_map", DType.F32, [16], Floats),
                ("weight.quant_state.bitsandbytes__nf4", DType.U8, [s_state.Length], bytes => Encoding.UTF8.GetBytes(s_state, bytes)),
            ],
            parts => parts["weight.quant_map"][Pairs(parts["weight"].view(-1), highFirst: true).to(ScalarType.Int64)].view(-1, 64)
                .mul_(parts["weight.absmax"].view(-1, 1)).view(Side, Side)),
        new("bitsandbytes int8", """{"quant_method": "bitsandbytes", "load_in_8bit": true}""",
            [("weight", DType.I8, [Side, Side], null), ("SCB", DType.F32, [Side], Floats)],
            parts => parts["weight"].to(ScalarType.Float32).mul_(parts["SCB"].mul(1f / 127).view(-1, 1))),
        new("FP8", """{"quant_method": "fp8", "weight_block_size": [128, 128]}""",
            [("weight", DType.F8_E4M3, [Side, Side], NoNaN), ("weight_scale_inv", DType.F32, [Side / 128, Side / 128], Floats)],
            parts => FromE4M3(parts["weight"]).view(Side / 128, 128, Side / 128,
                128).mul_(parts["weight_scale_inv"].view(Side / 128, 1, Side / 128, 1)).view(Side, Side)),
        new("GPTQ 4 bit", """{"quant_method": "gptq", "bits": 4, "group_size": 128}""",
            [
                ("qweight", DType.I32, [Side / 8, Side], null), ("qzeros", DType.I32, [Side / Group, Side / 8], null),
                    ("scales", DType.F16, [Side / Group, Side], Halves),
            ],
            parts =>
            {
                Tensor shifts = arange(0, 32, 4, ScalarType.Int32);
                Tensor numbers = parts["qweight"].unsqueeze(1).bitwise_right_shift(shifts.view(1, 8, 1)).bitwise_and(15).view(Side / Group, Group, Side);
                Tensor zeros = (parts["qzeros"] + 0x1111_1111).unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(15).view(Side / Group, 1, Side);
                return (numbers - zeros).to(ScalarType.Float32).mul_(parts["scales"].to(ScalarType.Float32).unsqueeze(1)).view(Side, Side).t().contiguous();
            }),
        new("GPTQ 4 bit act-order", """{"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": true}""",
            [
                ("qweight", DType.I32, [Side / 8, Side], null), ("qzeros", DType.I32, [Side / Group, Side / 8], null),
                    ("scales", DType.F16, [Side / Group, Side], Halves), ("g_idx", DType.I32, [Side], Shuffled),
            ],
            parts =>
            {
                Tensor shifts = arange(0, 32, 4, ScalarType.Int32), groups = parts["g_idx"].to(ScalarType.Int64);
                Tensor numbers = parts["qweight"].unsqueeze(1).bitwise_right_shift(shifts.view(1, 8, 1)).bitwise_and(15).view(Side, Side);
                Tensor zeros = (parts["qzeros"] + 0x1111_1111).unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(15).view(Side / Group, Side);
                return (numbers - zeros.index_select(0, groups)).to(ScalarType.Float32)
                    .mul_(parts["scales"].to(ScalarType.Float32).index_select(0, groups)).t().contiguous();
            }),
        new("AWQ GEMM", """{"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}""",
            [
                ("qweight", DType.I32, [Side, Side / 8], null), ("qzeros", DType.I32, [Side / Group, Side / 8], null),
                    ("scales", DType.F16, [Side / Group, Side], Halves),
            ],
            parts =>
            {
                Tensor shifts = tensor(new int[] { 0, 16, 4, 20, 8, 24, 12, 28 });
                Tensor numbers = parts["qweight"].unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(15).view(Side / Group, Group, Side);
                Tensor zeros = parts["qzeros"].unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(15).view(Side / Group, 1, Side);
                return (numbers - zeros).to(ScalarType.Float32).mul_(parts["scales"].to(ScalarType.Float32).unsqueeze(1)).view(Side, Side).t().contiguous();
            }),
        new("AWQ GEMV", """{"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemv"}""",
            [
                ("qweight", DType.I32, [Side, Side / 8], null), ("qzeros", DType.I32, [Side, GemvWords], null),
                    ("scales", DType.F16, [Side, GemvWords * 8], Halves),
            ],
            parts =>
            {
                Tensor shifts = arange(0, 32, 4, ScalarType.Int32);
                Tensor numbers = parts["qweight"].unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(15).view(Side, Side / Group, Group);
                Tensor zeros = parts["qzeros"].unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(15).view(Side, GemvWords * 8)
                    .narrow(1, 0, Side / Group).unsqueeze(-1);
                return (numbers - zeros).to(ScalarType.Float32)
                    .mul_(parts["scales"].narrow(1, 0, Side / Group).to(ScalarType.Float32).unsqueeze(-1)).view(Side, Side);
            }),
        new("compressed-tensors int4", """
            {"quant_method": "compressed-tensors", "format": "pack-quantized",
             "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 4, "group_size": 128}}}}
            """,
            [
                ("weight_packed", DType.I32, [Side, Side / 8], null), ("weight_scale", DType.F16, [Side, Side / Group], Halves),
                ("weight_shape", DType.I64, [2], bytes => MemoryMarshal.AsBytes((ReadOnlySpan<long>)[Side, Side]).CopyTo(bytes)),
            ],
            parts => parts["weight_packed"].unsqueeze(-1).bitwise_right_shift(arange(0, 32, 4, ScalarType.Int32)).bitwise_and(15).sub_(8)
                .to(ScalarType.Float32).view(Side, Side / Group, Group).mul_(parts["weight_scale"].to(ScalarType.Float32).unsqueeze(-1)).view(Side, Side)),
        new("compressed-tensors int3", """
            {"quant_method": "compressed-tensors", "format": "pack-quantized",
             "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 3, "group_size": 128}}}}
            """,
            [
                ("weight_packed", DType.I32, [Side, Side * 3 / 32], null), ("weight_scale", DType.F16, [Side, Side / Group], Halves),
                ("weight_shape", DType.I64, [2], bytes => MemoryMarshal.AsBytes((ReadOnlySpan<long>)[Side, Side]).CopyTo(bytes)),
            ],
            parts =>
            {
                Tensor bits = arange(0, 96, 3, ScalarType.Int64);
                Tensor words = parts["weight_packed"].to(ScalarType.Int64).bitwise_and(0xFFFF_FFFF).view(Side, Side / 32, 3);
                Tensor next = cat([words, zeros([Side, Side / 32, 1], ScalarType.Int64)], -1);
                Tensor window = next.index_select(2, bits.div(32, rounding_mode: RoundingMode.floor))
                    .bitwise_or(next.index_select(2, bits.div(32, rounding_mode: RoundingMode.floor) + 1).bitwise_left_shift(32));
                return window.bitwise_right_shift(bits.remainder(32)).bitwise_and(7).sub_(4).to(ScalarType.Float32).view(Side, Side / Group, Group)
                    .mul_(parts["weight_scale"].to(ScalarType.Float32).unsqueeze(-1)).view(Side, Side);
            }),
        new("modelopt NVFP4", """{"quant_method": "modelopt", "quant_algo": "NVFP4"}""",
            [
                ("weight", DType.U8, [Side, Side / 2], null), ("weight_scale", DType.F8_E4M3, [Side, Side / 16], NoNaN),
                    ("weight_scale_2", DType.F32, [], Floats),
            ],
            parts => s_nibbles[Pairs(parts["weight"].view(-1), highFirst: false).to(ScalarType.Int64)].view(Side, Side / 16, 16)
                .mul_(FromE4M3(parts["weight_scale"]).mul_(parts["weight_scale_2"]).unsqueeze(-1)).view(Side, Side)),
        new("MXFP4", """{"quant_method": "mxfp4"}""",
            [("w_blocks", DType.U8, [1, Side, Side / 32, 16], null), ("w_scales", DType.U8, [1, Side, Side / 32], bytes => Clamp(bytes, 120, 134))],
            parts => s_nibbles[Pairs(parts["w_blocks"].view(-1), highFirst: false).to(ScalarType.Int64)].view(1, Side, Side / 32, 32)
                .mul_(pow(2f, parts["w_scales"].to(ScalarType.Float32).sub_(127)).unsqueeze(-1)).view(1, Side, Side).transpose(1, 2).contiguous()),
    ];

    private static Tensor Pairs(Tensor bytes, bool highFirst)
    {
        Tensor high = bytes.bitwise_right_shift(4), low = bytes.bitwise_and(15);
        return stack(highFirst ? [high, low] : [low, high], -1).view(-1);
    }

    /// <summary>torch of this release has no eight-bit floats: a table, as most write it.</summary>
    private static Tensor FromE4M3(Tensor codes) => s_eights[codes.to(ScalarType.Int64)];

    private static readonly Tensor s_eights = tensor([.. Enumerable.Range(0, 256).Select(code =>
    {
        int exponent = (code >> 3) & 15, mantissa = code & 7;
        float magnitude = exponent == 0 ? mantissa / 512f : (1 + (mantissa / 8f)) * MathF.Pow(2, exponent - 7);
        return code >= 128 ? -magnitude : magnitude;
    })]);

    private static void Floats(byte[] bytes)
    {
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(bytes.AsSpan()))
            value = 0.5f + (BitConverter.SingleToInt32Bits(value) & 0xFFFF) / 131072f;
    }

    private static void Halves(byte[] bytes)
    {
        foreach (ref ushort value in MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()))
            value = BitConverter.HalfToUInt16Bits((Half)(0.5f + (value / 131072f)));
    }

    /// <summary>The group of each input, as an order by activations leaves it.</summary>
    private static void Shuffled(byte[] bytes)
    {
        Span<int> groups = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
        for (int i = 0; i < groups.Length; i++)
            groups[i] = i / (int)Group;
        new Random(7).Shuffle(groups);
    }

    private static void NoNaN(byte[] bytes)
    {
        foreach (ref byte value in bytes.AsSpan())
            value = (value & 0x7F) == 0x7F ? (byte)0x30 : value;
    }

    private static void Clamp(byte[] bytes, byte least, byte largest)
    {
        foreach (ref byte value in bytes.AsSpan())
            value = (byte)(least + (value % (largest - least)));
    }
}
