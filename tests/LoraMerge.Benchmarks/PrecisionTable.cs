using System.CommandLine;
using System.Globalization;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;
using LoraMerge.Tests.Golden;

namespace LoraMerge.Benchmarks;

/// <summary><c>precision</c>: how far PEFT's merged weights and ours are from the exact ones, for every golden case.</summary>
internal static class PrecisionTable
{
    public static Command CreateCommand()
    {
        var command = new Command("precision", "Prints a Markdown table of the errors of PEFT and of this project.");
        command.SetAction(async (_, cancellation) => await RunAsync(cancellation));
        return command;
    }

    private static async Task RunAsync(CancellationToken cancellation)
    {
        Console.WriteLine("| case | dtype | least mean | PEFT: mean | ours: mean | PEFT: worst | ours: worst |");
        Console.WriteLine("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
        List<(Precision Least, Precision Peft, Precision Ours)> rows = [];
        foreach (GoldenCase golden in GoldenCase.All.Where(golden => golden.Expect == "merged" && File.Exists(golden.PeftFile)))
        {
            if (await MeasureAsync(golden, cancellation) is not var (dtype, least, peft, ours))
                continue;
            rows.Add((least, peft, ours));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {golden.Name} | {dtype} | {least.Mean:0.00e+00} | {peft.Mean:0.00e+00} | {ours.Mean:0.00e+00} | {peft.Worst:0.00e+00} | "
                        + $"{ours.Worst:0.00e+00} |"
                )
            );
        }
        Console.WriteLine();
        Console.WriteLine(
            $"{rows.Count} cases. Mean error: {Count(row => (row.Peft.Mean, row.Ours.Mean))}. Worst error: {Count(row => (row.Peft.Worst, row.Ours.Worst))}."
        );
        double[] excess = [.. rows.Select(row => (row.Ours.Mean / row.Least.Mean) - 1)];
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Our mean error is the least that the dtype allows in {excess.Count(share => share == 0)} cases, and within {excess.Max():0.0e+00} of it "
                    + $"in all."
            )
        );

        string Count(Func<(Precision Least, Precision Peft, Precision Ours), (double Peft, double Ours)> figure)
        {
            int[] signs = [.. rows.Select(figure).Select(pair => pair.Ours.CompareTo(pair.Peft))];
            return $"ours is smaller in {signs.Count(sign => sign < 0)}, equal in {signs.Count(sign => sign == 0)}, larger in {signs.Count(sign => sign > 0)}";
        }
    }

    /// <summary>Over all elements that the merge changes; null where the case is not supported yet. "Least" is the exact result, rounded once.</summary>
    private static async Task<(string DType, Precision Least, Precision Peft, Precision Ours)?> MeasureAsync(GoldenCase golden, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("lora-merge-precision-").FullName;
        try
        {
            string output = Path.Combine(folder, "merged");
            await new Merger().MergeAsync(golden.Request(), output, cancellation);
            Dictionary<string, StoredTensor> exact = TensorTable.Headers(golden.ExactFile),
                peft = TensorTable.Headers(golden.PeftFile),
                ours = TensorTable.Headers(output);
            double[] reference = ValuesOf(exact);
            DType[] dtypes = [.. exact.Keys.Select(name => ours[name].DType).Distinct()];
            double[] rounded = [.. exact.Keys.SelectMany(name => TensorTable.Values(exact[name]).Select(value => Precision.Round(value, ours[name].DType)))];
            return (
                string.Join(", ", dtypes.Select(dtype => dtype.HeaderName())),
                Precision.Of(reference, rounded),
                Precision.Of(reference, ValuesOf(peft)),
                Precision.Of(reference, ValuesOf(ours))
            );

            double[] ValuesOf(Dictionary<string, StoredTensor> tensors) => [.. exact.Keys.SelectMany(name => TensorTable.Values(tensors[name]))];
        }
        catch (LoraMergeException)
        {
            return null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
