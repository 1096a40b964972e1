using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Quantized;

/// <summary>Makes the folder of a bfloat16 model one of bitsandbytes NF4, as transformers saves it: the projections of its blocks, 64 values to a
/// scale.</summary>
internal static class Nf4Packer
{
    private const int BlockSize = 64;

    /// <summary>bitsandbytes, <c>functional.py</c>, <c>get_4bit_type</c>: quantiles of a normal distribution.</summary>
    private static readonly float[] s_map =
    [
        -1f, -0.6961928f, -0.5250731f, -0.3949175f, -0.28444138f, -0.18477343f, -0.091050036f, 0f,
        0.0795803f, 0.1609302f, 0.2461123f, 0.33791524f, 0.44070983f, 0.562617f, 0.72295684f, 1f,
    ];

    /// <param name="folder">A model of one weight file; changed in place.</param>
    public static void Pack(string folder)
    {
        string file = Path.Combine(folder, "model.safetensors");
        var parts = new List<(string Name, DType DType, ImmutableArray<long> Shape, byte[] Bytes)>();
        using (SafetensorsReader reader = SafetensorsReader.Open(file))
        {
            byte[] all = File.ReadAllBytes(file);
            foreach (TensorEntry entry in reader.Header.Tensors)
            {
                byte[] bytes = all.AsSpan((int)(reader.Header.DataOffset + entry.ByteOffset), (int)entry.ByteLength).ToArray();
                if (entry.Name.EndsWith("_proj.weight", StringComparison.Ordinal))
                    parts.AddRange(Pack(entry.Name, entry.Shape, bytes));
                else
                    parts.Add((entry.Name, entry.DType, entry.Shape, bytes));
            }
        }
        WeightFile.Write(file, parts.Select(part => (part.Name, part.DType, part.Shape)),
            (entry, offset, bytes) => parts.Single(part => part.Name == entry.Name).Bytes.AsSpan((int)offset, bytes.Length).CopyTo(bytes));
        string configFile = Path.Combine(folder, "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(configFile))!.AsObject();
        config["quantization_config"] = new JsonObject { ["quant_method"] = "bitsandbytes", ["load_in_4bit"] = true, ["bnb_4bit_quant_type"] = "nf4" };
        File.WriteAllText(configFile, config.ToJsonString());
    }

    private static IEnumerable<(string, DType, ImmutableArray<long>, byte[])> Pack(string name, ImmutableArray<long> shape, byte[] bytes)
    {
        float[] values = [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16))];
        float[] scales = [.. values.Chunk(BlockSize).Select(block => block.Max(Math.Abs))];
        byte[] codes = new byte[(values.Length + 1) / 2];
        for (int i = 0; i < values.Length; i++)
            codes[i / 2] |= (byte)(Nearest(values[i] / scales[i / BlockSize]) << (i % 2 == 0 ? 4 : 0)); // the first in the high nibble
        yield return (name, DType.U8, [codes.Length, 1], codes);
        yield return (name + ".absmax", DType.F32, [scales.Length], MemoryMarshal.AsBytes(scales.AsSpan()).ToArray());
        yield return (name + ".quant_map", DType.F32, [s_map.Length], MemoryMarshal.AsBytes(s_map.AsSpan()).ToArray());
        byte[] state = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["quant_type"] = "nf4", ["blocksize"] = BlockSize, ["dtype"] = "bfloat16", ["shape"] = new JsonArray([.. shape.Select(side => (JsonNode)side)]),
        }.ToJsonString());
        yield return (name + ".quant_state.bitsandbytes__nf4", DType.U8, [state.Length], state);
    }

    private static int Nearest(float value) => Enumerable.Range(0, s_map.Length).MinBy(code => Math.Abs(s_map[code] - value));
}
