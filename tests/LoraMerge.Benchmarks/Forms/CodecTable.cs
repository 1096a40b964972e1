using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using LoraMerge.Checkpoints;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;
using LoraMerge.Tests;
using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>What it takes to make plain numbers of a quantised weight, on one thread, against the same formula written directly.</summary>
internal static class CodecTable
{
    private const string Module = "model.layers.0.mlp.up_proj";

    public static void Print(string only, int runs)
    {
        int threads = get_num_threads();
        set_num_threads(1);
        Console.WriteLine();
        Console.WriteLine("| quantised weight | ours (ms) | GB/s of float32 | of float64 (ms) | direct (ms) | ratio | held (MB) | pairs |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (CodecForm form in CodecForms.All.Where(form => form.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
            Measure(form, runs);
        set_num_threads(threads);
    }

    private static void Measure(CodecForm form, int runs)
    {
        string folder = Directory.CreateTempSubdirectory("lora-merge-codec-").FullName;
        try
        {
            var parts = form.Parts.ToDictionary(part => $"{Module}.{part.Name}", part => Bytes(part.DType, part.Shape, part.Make), StringComparer.Ordinal);
            WeightFile.Write(
                Path.Combine(folder, "model.safetensors"), form.Parts.Select(part => ($"{Module}.{part.Name}", part.DType, part.Shape.ToImmutableArray())),
                (entry, offset, bytes) => parts[entry.Name].AsSpan((int)offset, bytes.Length).CopyTo(bytes));
            File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{"model_type": "llama", "quantization_config": {{form.Config}}}""");
            TensorSource tensor = BaseModels.Open(folder).Tensors.Single();
            using var scope = NewDisposeScope();
            Dictionary<string, Tensor> direct = form.Parts.ToDictionary(part => part.Name, part =>
                ToTensor(part.DType, part.Shape, parts[$"{Module}.{part.Name}"]));
            float[] narrow = new float[tensor.ElementCount];
            double[] wide = new double[tensor.ElementCount];
            using var files = new TensorFiles();
            List<(double Ours, double Wide, double Direct)> pairs = [];
            for (int run = 0; run < runs; run++)
            {
                double ours = Time(() => Read(tensor, files, MemoryMarshal.AsBytes(narrow.AsSpan())));
                double ofWide = Time(() => Read(tensor.WideEnoughFor(DType.F64), files, MemoryMarshal.AsBytes(wide.AsSpan())));
                using var run1 = NewDisposeScope();
                Tensor? result = null;
                double ofDirect = Time(() => result = form.Direct(direct));
                pairs.Add((ours, ofWide, ofDirect));
                if (run == 0)
                    ThrowIfDifferent(form, narrow, result!);
            }
            (double best, double other) = (pairs.Min(pair => pair.Ours), pairs.Min(pair => pair.Direct));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {form.Name} | {best:0.0} | {tensor.ByteLength / best / 1e6:0.0} | {pairs.Min(pair => pair.Wide):0.0} | {other:0.0} | {best / other:0.00} | "
                + $"{tensor.HeldBytes / 1e6:0.0} | {runs} |"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>In pieces of a block, as a merge reads it; each time anew, with the scales.</summary>
    private static void Read(TensorSource tensor, TensorFiles files, Span<byte> destination)
    {
        const int piece = 4 << 20;
        files.Kept(new object(), () => new object());
        int size = tensor.DType.BitsPerElement() / 8;
        for (long first = 0; first < tensor.ElementCount; first += piece)
            tensor.ReadInto(files, first, destination.Slice((int)first * size, (int)Math.Min(piece, tensor.ElementCount - first) * size));
    }

    /// <summary>Of the processor: both sides run on one thread, whatever else the machine does.</summary>
    private static double Time(Action action)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
    }

    private static void ThrowIfDifferent(CodecForm form, float[] ours, Tensor direct)
    {
        ReadOnlySpan<float> others = MemoryMarshal.Cast<byte, float>(direct.bytes);
        for (int i = 0; i < ours.Length; i++)
        {
            if (!(Math.Abs(ours[i] - others[i]) <= 1e-6 * Math.Abs(others[i])))
                throw new InvalidOperationException(
                    string.Create(CultureInfo.InvariantCulture, $"{form.Name}: value {i} is {ours[i]}, the formula gives {others[i]}."));
        }
    }

    private static byte[] Bytes(DType dtype, long[] shape, Action<byte[]>? make)
    {
        byte[] bytes = new byte[shape.Aggregate(1L, (product, side) => product * side) * dtype.BitsPerElement() / 8];
        new Random(5).NextBytes(bytes);
        make?.Invoke(bytes);
        return bytes;
    }

    private static Tensor ToTensor(DType dtype, long[] shape, byte[] bytes)
    {
        Tensor made = empty(shape, dtype switch
        {
            DType.F32 => ScalarType.Float32,
            DType.F16 => ScalarType.Float16,
            DType.I8 => ScalarType.Int8,
            DType.I32 => ScalarType.Int32,
            DType.I64 => ScalarType.Int64,
            _ => ScalarType.Byte,
        });
        bytes.CopyTo(made.bytes);
        return made;
    }
}
