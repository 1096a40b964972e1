using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LLama;
using LLama.Native;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Blocks;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Layout;
using LoraMerge.Gguf.Tests;
using LoraMerge.Safetensors;

namespace LoraMerge.Benchmarks.Quantisers;

/// <summary><c>gguf</c>: a file of float32 quantised by llama.cpp and by this project, to the same type for each tensor: errors and time.</summary>
internal static class QuantiserTable
{
    private static readonly ImmutableArray<(string Name, LLamaFtype Type)> All =
    [
        ("F16", LLamaFtype.MOSTLY_F16), ("Q8_0", LLamaFtype.MOSTLY_Q8_0),
        ("Q4_0", LLamaFtype.MOSTLY_Q4_0), ("Q4_1", LLamaFtype.MOSTLY_Q4_1), ("Q5_0", LLamaFtype.MOSTLY_Q5_0), ("Q5_1", LLamaFtype.MOSTLY_Q5_1),
        ("Q4_K_S", LLamaFtype.MOSTLY_Q4_K_S), ("Q4_K_M", LLamaFtype.MOSTLY_Q4_K_M), ("Q5_K_M", LLamaFtype.MOSTLY_Q5_K_M),
        ("Q6_K", LLamaFtype.MOSTLY_Q6_K),
    ];

    public static Command CreateCommand()
    {
        var runs = new Option<int>("--runs") { Description = "Paired runs of each type.", DefaultValueFactory = _ => 3, HelpName = "N" };
        var threads = new Option<int>("--threads") { Description = "Threads of each.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var command = new Command("gguf", "Prints a Markdown table of llama.cpp's quantiser and ours: errors, and time from file to file.") { runs, threads };
        command.SetAction(parsed => Run(parsed.GetValue(runs), parsed.GetValue(threads)));
        return command;
    }

    private static void Run(int runs, int threads)
    {
        NativeLibraryConfig.All.WithLogCallback((_, _) => { });
        NativeApi.llama_empty_call();
        string folder = Directory.CreateTempSubdirectory("lora-merge-gguf-").FullName;
        try
        {
            string source = Path.Combine(folder, "float32.gguf");
            WeightsFile.Write(source);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{new FileInfo(source).Length / 1e6:0} MB of float32, file to file; seconds of processor time, {threads} threads, least of {runs}; errors"));
            Console.WriteLine("| type | llama.cpp (s) | ours (s) | ratio "
                + "| llama.cpp: RMS | ours: RMS | llama.cpp: largest | ours: largest | tensors of equal bytes |");
            Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            foreach ((string name, LLamaFtype type) in All)
                Console.WriteLine(Measure(name, type, source, folder, runs, threads));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Measure(string name, LLamaFtype type, string source, string folder, int runs, int threads)
    {
        string theirs = Path.Combine(folder, "theirs.gguf"), ours = Path.Combine(folder, "ours.gguf");
        double theirSeconds = double.MaxValue, ourSeconds = double.MaxValue;
        for (int run = 0; run < runs; run++)
        {
            theirSeconds = Math.Min(theirSeconds, SecondsOf(() =>
            {
                if (!LLamaQuantizer.Quantize(source, theirs, type, threads, quantizeOutputTensor: true))
                    throw new InvalidOperationException($"llama.cpp's quantiser refuses {name}.");
            }));
            ourSeconds = Math.Min(ourSeconds, SecondsOf(() => Quantise(source, theirs, ours, threads)));
        }

        using var exact = GgufModel.Open(source);
        using var their = GgufModel.Open(theirs);
        using var our = GgufModel.Open(ours);
        Error theirError = Error.Of(exact, their), ourError = Error.Of(exact, our);
        int equal = our.Tensors.Count(tensor => BytesOf(our, tensor.Name).AsSpan().SequenceEqual(BytesOf(their, tensor.Name)));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {theirSeconds:0.000} | {ourSeconds:0.000} | {theirSeconds / ourSeconds:0.0} "
            + $"| {theirError.Rms:0.0000e+00} | {ourError.Rms:0.0000e+00} | {theirError.Largest:0.0000e+00} | {ourError.Largest:0.0000e+00} "
            + $"| {equal} of {our.Tensors.Count()} |");
    }

    /// <summary>To the types that llama.cpp took.</summary>
    private static void Quantise(string source, string types, string output, int threads)
    {
        using var model = GgufModel.Open(source);
        using var typed = GgufModel.Open(types);
        ImmutableArray<LayoutTensor> tensors =
            [.. typed.Tensors.Select(tensor => new LayoutTensor(tensor.Name, tensor.Type, tensor.Shape, [new(tensor.Name, DType.F32, tensor.Shape)], [], []))];
        var layout = new GgufLayout(default, typed.Metadata, tensors, [], []);
        var assembler = new TensorAssembler(
            (tensor, firstRow, _, rows) =>
            {
                model.TryFind(tensor.Name, out GgufTensor? stored);
                TensorValues.Read(model.FileOf(stored!), stored!, firstRow * stored!.RowLength, rows);
            },
            threads);
        GgufModelWriter.Write(layout, Path.GetDirectoryName(output)!, Path.GetFileNameWithoutExtension(output), null, assembler);
    }

    private static double SecondsOf(Action action)
    {
        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        action();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalSeconds;
    }

    private static byte[] BytesOf(GgufModel model, string name)
    {
        if (!model.TryFind(name, out GgufTensor? tensor))
            return [];
        byte[] bytes = new byte[tensor.ByteLength];
        model.FileOf(tensor).ReadInto(tensor, 0, bytes);
        return bytes;
    }

    private readonly record struct Error(double Rms, double Largest)
    {
        public static Error Of(GgufModel exact, GgufModel rounded)
        {
            double squares = 0, largest = 0;
            long count = 0;
            foreach (GgufTensor tensor in rounded.Tensors)
            {
                float[] wanted = ValuesOf(exact, tensor.Name), found = ValuesOf(rounded, tensor.Name);
                for (int i = 0; i < wanted.Length; i++)
                {
                    double error = Math.Abs((double)wanted[i] - found[i]);
                    squares += error * error;
                    largest = Math.Max(largest, error);
                }

                count += wanted.Length;
            }

            return new Error(Math.Sqrt(squares / count), largest);
        }

        private static float[] ValuesOf(GgufModel model, string name)
        {
            model.TryFind(name, out GgufTensor? tensor);
            float[] values = new float[tensor!.ElementCount];
            TensorValues.Read(model.FileOf(tensor), tensor, 0, values);
            return values;
        }
    }
}
