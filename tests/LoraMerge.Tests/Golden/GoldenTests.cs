using System.Text.Json.Nodes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Golden;

/// <summary>Every golden case passes, or stands on the list of what is not supported yet, which may only shrink.</summary>
public sealed class GoldenTests
{
    private static readonly HashSet<string> NotYetSupported =
        [.. File.ReadLines(Path.Combine(GoldenCase.Root, "not-yet-supported.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    public static TheoryData<string> Supported => [.. GoldenCase.All.Select(golden => golden.Name).Where(name => !NotYetSupported.Contains(name))];

    public static TheoryData<string> Unsupported => [.. NotYetSupported.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Supported))]
    public async Task Case_passes(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        using var folder = new TestFolder();
        string output = Path.Combine(folder.Path, "merged");

        var warnings = new List<MergeEvent.Warning>();
        LoraMergeException? fault = await Merge(golden, output, warnings);

        if (golden.Expect == "error" || (golden.Expect == "either" && fault is not null))
            AssertRefused(golden, fault, output);
        else
            AssertMerged(golden, fault, output, warnings);
        folder.Passed();
    }

    [Theory]
    [MemberData(nameof(Unsupported))]
    public async Task Case_that_is_not_supported_yet_is_refused_by_name(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        using var folder = new TestFolder();
        string output = Path.Combine(folder.Path, "merged");

        LoraMergeException? fault = await Merge(golden, output, []);

        Assert.NotNull(fault);
        Assert.False(Directory.Exists(output));
        folder.Passed();
    }

    private static async Task<LoraMergeException?> Merge(GoldenCase golden, string output, List<MergeEvent.Warning> warnings)
    {
        try
        {
            await new Merger(happened =>
            {
                if (happened is MergeEvent.Warning warning && warning.Code != DiagnosticCode.NoTokenizer) // the bases of the cases have none
                    warnings.Add(warning);
            }).MergeAsync(golden.Request(), output, CancellationToken.None);
            return null;
        }
        catch (LoraMergeException e)
        {
            return e;
        }
    }

    private static void AssertRefused(GoldenCase golden, LoraMergeException? fault, string output)
    {
        Assert.NotNull(fault);
        Assert.False(Directory.Exists(output));
        Assert.True(golden.MustNotExist is null || !File.Exists(golden.MustNotExist));
    }

    private static void AssertMerged(GoldenCase golden, LoraMergeException? fault, string output, List<MergeEvent.Warning> warnings)
    {
        Assert.Null(fault);
        Dictionary<string, StoredTensor> before = TensorTable.Headers(golden.BaseFolder);
        Dictionary<string, StoredTensor> after = TensorTable.Headers(output);
        Dictionary<string, StoredTensor> exact = TensorTable.Headers(golden.ExactFile);
        string? imprecision = FindImprecision(before, after, exact, TensorTable.Headers(golden.PeftFile));
        if (imprecision is not null && golden.Expect == "either")
        {
            Assert.NotEmpty(warnings);
            imprecision = FindImprecisionOfAlternative(golden, after);
        }
        Assert.Null(imprecision);
        foreach ((string name, StoredTensor tensor) in before.Where(pair => !exact.ContainsKey(pair.Key)))
        {
            if (!after.ContainsKey(name) && golden.MissingAfterMerge.Contains(name))
                continue;
            Assert.Equal((tensor.DType, tensor.ShapeText), (after[name].DType, after[name].ShapeText));
            Assert.Equal(TensorTable.Bytes(tensor), TensorTable.Bytes(after[name]));
        }
        Assert.DoesNotContain(after.Keys, name => !before.ContainsKey(name) && !exact.ContainsKey(name));
        AssertConfig(golden, output);
    }

    /// <summary>Some kinds left weights in a wider dtype when PEFT merged them; the output has the base's, and PEFT's values are rounded to it.</summary>
    private static string? FindImprecision(Dictionary<string, StoredTensor> before, Dictionary<string, StoredTensor> after, Dictionary<string, StoredTensor> exact, Dictionary<string, StoredTensor> peft)
    {
        foreach ((string name, StoredTensor tensor) in exact)
        {
            Assert.True(after.ContainsKey(name), $"{name} is missing");
            Assert.Equal(tensor.Shape.AsSpan(), after[name].Shape.AsSpan());
            DType dtype = before.GetValueOrDefault(name, peft[name]).DType;
            Assert.Equal(dtype, after[name].DType);
            double[] reference = TensorTable.Values(peft[name]);
            if (peft[name].DType != dtype)
                reference = [.. reference.Select(value => Precision.Round(value, dtype))];
            if (Precision.Fault(TensorTable.Values(tensor), reference, TensorTable.Values(after[name]), dtype) is string fault)
                return $"{name}: {fault}";
        }
        return null;
    }

    /// <summary>The other meaning of a file that cannot tell; its yardstick is itself, rounded once.</summary>
    private static string? FindImprecisionOfAlternative(GoldenCase golden, Dictionary<string, StoredTensor> after)
    {
        foreach ((string name, StoredTensor tensor) in TensorTable.Headers(Path.Combine(golden.Folder, "exact-alternative.safetensors")))
        {
            double[] exact = TensorTable.Values(tensor);
            double[] rounded = [.. exact.Select(value => Precision.Round(value, after[name].DType))];
            if (Precision.Fault(exact, rounded, TensorTable.Values(after[name]), after[name].DType) is string fault)
                return $"{name}: {fault}";
        }
        return null;
    }

    private static void AssertConfig(GoldenCase golden, string output)
    {
        JsonObject expected = JsonNode.Parse(File.ReadAllText(Path.Combine(golden.BaseFolder, "config.json")))!.AsObject();
        foreach ((string field, JsonNode? value) in golden.Config)
            expected[field] = value?.DeepClone();
        JsonNode found = JsonNode.Parse(File.ReadAllText(Path.Combine(output, "config.json")))!;
        Assert.True(JsonNode.DeepEquals(expected, found), found.ToJsonString());
    }
}
