using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Tests.Blocks;
using LoraMerge.Safetensors;

namespace LoraMerge.Gguf.Tests.Golden;

/// <summary>Holds a file to what a case expects of it.</summary>
internal sealed class ExpectedFile(JsonElement expected, ExactMerge merge, string quantization)
{
    private string Architecture => expected.GetProperty("architecture").GetString()!;

    public void Check(GgufModel model)
    {
        CheckMetadata(model.Metadata);
        CheckTensors(model);
    }

    private void CheckMetadata(GgufMetadata metadata)
    {
        JsonElement oneOf = expected.TryGetProperty("one_of", out JsonElement choices) ? choices : default;
        JsonElement optional = expected.TryGetProperty("optional_metadata", out JsonElement free) ? free : default;
        JsonElement required = expected.GetProperty("metadata");
        bool areScoresFree = expected.TryGetProperty("scores_by_merges", out _);
        foreach (JsonProperty key in required.EnumerateObject())
        {
            Assert.True(metadata.TryGet(key.Name, out GgufValue value), $"'{key.Name}' is missing.");
            if (oneOf.ValueKind == JsonValueKind.Object && oneOf.TryGetProperty(key.Name, out JsonElement names))
                Assert.Contains((string)value.Value, names.EnumerateArray().Select(name => name.GetString()));
            else if (areScoresFree && key.Name == "tokenizer.ggml.scores")
                CheckScores(metadata, (float[])value.Value);
            else
                CheckValue(key.Name, key.Value, value);
        }

        Assert.True(metadata.TryGet("general.file_type", out GgufValue fileType));
        Assert.Equal(expected.GetProperty("file_types").GetProperty(quantization).GetUInt32(), fileType.Value);
        foreach ((string name, GgufValue value) in metadata)
        {
            if (required.TryGetProperty(name, out _)
                || name.StartsWith("general.", StringComparison.Ordinal)
                || name.StartsWith("lora_merge.", StringComparison.Ordinal)
                || name.StartsWith("split.", StringComparison.Ordinal))
                continue;
            Assert.True(optional.ValueKind == JsonValueKind.Object && optional.TryGetProperty(name, out JsonElement allowed), $"'{name}' is a key too many.");
            CheckValue(name, optional.GetProperty(name), value);
        }
    }

    private static void CheckValue(string key, JsonElement wanted, GgufValue value)
    {
        string type = wanted.GetProperty("type").GetString()!;
        Assert.True(type.Equals(value.Type.ToString(), StringComparison.OrdinalIgnoreCase), $"'{key}' is {value.Type} instead of {type}.");
        if (type == "array")
            CheckArray(key, wanted, value);
        else if (wanted.TryGetProperty("one_of", out JsonElement choices))
            Assert.Contains(value.AsInteger(), choices.EnumerateArray().Select(choice => (long?)choice.GetInt64()));
        else if (value.Value is string text)
            Assert.Equal(wanted.GetProperty("value").GetString(), text);
        else if (value.Value is bool flag)
            Assert.True(wanted.GetProperty("value").GetBoolean() == flag, $"'{key}' is {flag}.");
        else if (value.Value is float real)
            Assert.True((float)wanted.GetProperty("value").GetDouble() == real,
                $"'{key}' is {real.ToString("R", CultureInfo.InvariantCulture)} instead of {wanted.GetProperty("value")}.");
        else
            Assert.True(wanted.GetProperty("value").GetInt64() == value.AsInteger(), $"'{key}' is {value.Value} instead of {wanted.GetProperty("value")}.");
    }

    private static void CheckArray(string key, JsonElement wanted, GgufValue value)
    {
        Assert.Equal(wanted.GetProperty("of").GetString(), value.ElementType.ToString(), ignoreCase: true);
        var elements = (Array)value.Value;
        Assert.True(wanted.GetProperty("count").GetInt32() == elements.Length,
            $"'{key}' has {elements.Length} elements instead of {wanted.GetProperty("count")}.");
        using var content = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        foreach (string text in elements as string[] ?? [])
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)utf8.Length);
            content.Write(length);
            content.Write(utf8);
        }

        if (elements is not string[])
            content.Write(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(elements), Buffer.ByteLength(elements)));
        Assert.True(wanted.GetProperty("sha256").GetString() == Convert.ToHexStringLower(SHA256.HashData(content.ToArray())), $"'{key}' holds other elements.");
    }

    /// <summary>Scores of merged pieces fall strictly in the order of the merges.</summary>
    private static void CheckScores(GgufMetadata metadata, float[] scores)
    {
        Assert.True(metadata.TryGet("tokenizer.ggml.tokens", out GgufValue tokens));
        Assert.True(metadata.TryGet("tokenizer.ggml.token_type", out GgufValue types));
        Assert.Equal(((string[])tokens.Value).Length, scores.Length);
        float[] merged = [.. scores.Where((score, i) => ((int[])types.Value)[i] == 1 && ((string[])tokens.Value)[i].Length > 1)];
        Assert.True(merged.Length > 10);
        Assert.Equal(merged.Order(), merged.Reverse());
        Assert.Equal(merged.Length, merged.Distinct().Count());
    }

    private void CheckTensors(GgufModel model)
    {
        JsonElement[] tensors = [.. expected.GetProperty("tensors").EnumerateArray()];
        Assert.Equal(tensors.Select(tensor => tensor.GetProperty("name").GetString()).Order(StringComparer.Ordinal),
            model.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (JsonElement wanted in tensors)
        {
            Assert.True(model.TryFind(wanted.GetProperty("name").GetString()!, out GgufTensor? tensor));
            Assert.Equal(wanted.GetProperty("dims").EnumerateArray().Select(side => side.GetInt64()).Reverse(), tensor.Shape);
            Assert.Equal($"{tensor.Name}: {Of(wanted.GetProperty("types"))!.Value.GetString()}", $"{tensor.Name}: {tensor.Type}");
            byte[] bytes = new byte[tensor.ByteLength];
            model.FileOf(tensor).ReadInto(tensor, 0, bytes);
            if (wanted.TryGetProperty("sha256", out JsonElement digests) && Of(digests)?.GetString() == Convert.ToHexStringLower(SHA256.HashData(bytes)))
                continue;
            double[] values = Widen(tensor.Type, bytes);
            Assert.All(values, value => Assert.True(double.IsFinite(value)));
            if (wanted.TryGetProperty("values", out JsonElement given))
                Assert.All(values.Zip(given.EnumerateArray()),
                    pair => Assert.InRange(Math.Abs(pair.First - pair.Second.GetDouble()), 0, 1e-6 * Math.Abs(pair.Second.GetDouble())));
            else
                CheckValues(wanted, tensor, values);
        }
    }

    private void CheckValues(JsonElement wanted, GgufTensor tensor, double[] values)
    {
        string[] sources = wanted.GetProperty("from") is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(name => name.GetString()!)]
            : [wanted.GetProperty("from").GetString()!];
        sources = [.. sources.Select(name => name == "lm_head.weight" && !Has(name) ? "model.embed_tokens.weight" : name)];
        DType dtype = merge.DTypeOf(sources[0]);
        double[] exact = Follow(wanted, [.. sources.Select(name => merge[name])]).Values;
        double[] rounded = Follow(wanted, [.. sources.Select(name => RoundTo(dtype, merge[name]))]).Values;
        (double mean, double largest) = Errors(values, exact);
        if (wanted.TryGetProperty("error", out JsonElement errors) && Of(errors) is { } reference)
        {
            // Of llama.cpp's quantiser: root of the mean square, and largest.
            double rms = Math.Sqrt(values.Zip(exact, (o, e) => (o - e) * (o - e)).Average());
            AssertAtMost(tensor, "RMS", rms, 1.03 * reference[0].GetDouble());
            AssertAtMost(tensor, "largest error", largest, 1.5 * reference[1].GetDouble());
            return;
        }

        (double theirMean, double theirLargest) = Errors(Round(tensor.Type, rounded), exact);
        double magnitude = exact.Max(Math.Abs);
        bool isChanged = sources.Any(merge.IsChanged);
        (double meanFactor, double largestAllowed) = (tensor.Type, isChanged) switch
        {
            (GgufType.Q8_0, _) => (1.02, 1.15 * theirLargest),
            (_, false) => (1.0, theirLargest),
            (GgufType.F32, true) => (1.5, Math.Max(theirLargest, 4 * Ulp(magnitude, 23))),
            (GgufType.F16, true) => (1.01, Math.Max(theirLargest, 0.51 * Ulp(magnitude, 10))),
            (GgufType.BF16, true) => (1.01, Math.Max(theirLargest, 0.51 * Ulp(magnitude, 7))),
            _ => throw new InvalidDataException($"{tensor.Type} has no rule."),
        };
        AssertAtMost(tensor, "mean error", mean, meanFactor * theirMean);
        AssertAtMost(tensor, "largest error", largest, largestAllowed);
    }

    private bool Has(string name) => merge.Source.Tensors.Any(tensor => tensor.Name == name);

    private static Numbers Follow(JsonElement wanted, Numbers[] sources)
    {
        Numbers? numbers = sources.Length == 1 ? sources[0] : null;
        foreach (JsonElement step in wanted.GetProperty("do").EnumerateArray())
        {
            long[] n = [.. step.EnumerateArray().Skip(1).Select(number => number.GetInt64())];
            numbers = step[0].GetString() switch
            {
                "stack" => Numbers.Stack(sources),
                "rope" => numbers!.Rope(n[0]),
                "plus" => numbers!.Plus(n[0]),
                "transpose" => numbers!.Transpose(),
                "take" => numbers!.Take((int)n[0], n[1], n[2], n[3]),
                "reshape" => numbers! with { Shape = n },
                string other => throw new InvalidDataException($"No step '{other}'."),
                null => throw new InvalidDataException("A step has no name."),
            };
        }

        return numbers!;
    }

    private static (double Mean, double Largest) Errors(double[] values, double[] exact)
    {
        Assert.Equal(exact.Length, values.Length);
        double sum = 0, largest = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double error = Math.Abs(values[i] - exact[i]);
            (sum, largest) = (sum + error, Math.Max(largest, error));
        }

        return (sum / values.Length, largest);
    }

    private static Numbers RoundTo(DType dtype, Numbers numbers) => numbers with
    {
        Values = Array.ConvertAll(numbers.Values, value => dtype switch
        {
            DType.F16 => (double)(Half)value,
            DType.BF16 => Widen(GgufType.BF16, PlainFormulas.Quantise(GgufType.BF16, [(float)value]))[0],
            _ => (float)value,
        }),
    };

    private static double[] Round(GgufType type, double[] values)
    {
        float[] singles = Array.ConvertAll(values, value => (float)value);
        if (type == GgufType.F32)
            return Array.ConvertAll(singles, value => (double)value);
        int block = Math.Max(32, type.ElementsPerBlock());
        return [.. singles.Chunk(block).SelectMany(chunk => Widen(type, PlainFormulas.Quantise(type, chunk)))];
    }

    private static double[] Widen(GgufType type, byte[] bytes)
    {
        Assert.True(BlockCodecs.TryFind(type, out BlockCodec? codec));
        float[] values = new float[bytes.Length / type.BytesPerBlock() * type.ElementsPerBlock()];
        codec.Dequantise(bytes, values);
        return Array.ConvertAll(values, value => (double)value);
    }

    private static double Ulp(double magnitude, int fractionBits) => Math.ScaleB(1, Math.ILogB(magnitude) - fractionBits);

    private JsonElement? Of(JsonElement byType) =>
        byType.TryGetProperty(quantization, out JsonElement own) ? own : byType.TryGetProperty("*", out JsonElement any) ? any : null;

    private static void AssertAtMost(GgufTensor tensor, string what, double found, double allowed) =>
        Assert.True(found <= allowed,
            string.Create(CultureInfo.InvariantCulture, $"{tensor.Name} ({tensor.Type}): {what} {found:g6} instead of at most {allowed:g6}."));
}
