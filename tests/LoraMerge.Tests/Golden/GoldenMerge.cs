using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Planning;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Golden;

/// <summary>The merge of a golden case: what came of it, held against what has to.</summary>
internal sealed class GoldenMerge
{
    private readonly GoldenCase _golden;
    private readonly string _output;
    private readonly List<MergeEvent.Warning> _warnings = [];
    private readonly List<string> _said = [];

    private GoldenMerge(GoldenCase golden, string output)
    {
        _golden = golden;
        _output = output;
    }

    /// <summary>Why it failed; null where it did not.</summary>
    public LoraMergeException? Fault { get; private set; }

    public static async Task<GoldenMerge> Run(GoldenCase golden, string output)
    {
        var merge = new GoldenMerge(golden, output);
        try
        {
            await new Merger(merge.Listen).MergeAsync(golden.Request(), output, CancellationToken.None);
        }
        catch (LoraMergeException e)
        {
            merge.Fault = e;
        }
        return merge;
    }

    /// <summary>Merged, refused, or either, as the case asks.</summary>
    public void AssertAsExpected()
    {
        if (_golden.Expect == "error" || (_golden.Expect == "either" && Fault is not null))
            AssertRefused();
        else
            AssertMerged();
    }

    private void Listen(MergeEvent happened)
    {
        if (happened is MergeEvent.Information information)
            _said.Add(information.Text);
        if (happened is not MergeEvent.Warning warning)
            return;
        _said.Add(warning.Text);
        if (warning.Code != DiagnosticCode.NoTokenizer) // the bases of the cases have none
            _warnings.Add(warning);
    }

    private void AssertRefused()
    {
        Assert.NotNull(Fault);
        Assert.False(Directory.Exists(_output));
        Assert.True(_golden.MustNotExist is null || !File.Exists(_golden.MustNotExist));
        if (_golden.Says is string says)
            Assert.Matches(new Regex(says, RegexOptions.IgnoreCase), WithoutPaths(Fault.Message));
    }

    private void AssertMerged()
    {
        Assert.Null(Fault);
        Dictionary<string, StoredTensor> before = TensorTable.Headers(_golden.BaseFolder);
        Dictionary<string, StoredTensor> after = TensorTable.Headers(_output);
        Dictionary<string, StoredTensor> exact = TensorTable.Headers(_golden.ExactFile);
        string? imprecision = FindImprecision(before, after, exact, TensorTable.Headers(_golden.PeftFile));
        if (imprecision is not null && _golden.Expect == "either")
        {
            Assert.NotEmpty(_warnings);
            imprecision = FindImprecisionOfAlternative(_golden, after);
        }
        Assert.Null(imprecision);
        foreach ((string name, StoredTensor tensor) in before.Where(pair => !exact.ContainsKey(pair.Key)))
        {
            if (!after.ContainsKey(name) && _golden.MissingAfterMerge.Contains(name))
                continue;
            Assert.Equal((tensor.DType, tensor.ShapeText), (after[name].DType, after[name].ShapeText));
            Assert.Equal(TensorTable.Bytes(tensor), TensorTable.Bytes(after[name]));
        }
        Assert.DoesNotContain(after.Keys, name => !before.ContainsKey(name) && !exact.ContainsKey(name));
        AssertConfig();
        if (_golden.Warns is string warns)
            Assert.Contains(_said, text => Regex.IsMatch(WithoutPaths(text), warns, RegexOptions.IgnoreCase));
    }

    /// <summary>A message has to say a thing itself, not by the name of the case's folder.</summary>
    private string WithoutPaths(string text) => text.Replace(_golden.Folder, "", StringComparison.Ordinal).Replace(_golden.Name, "", StringComparison.Ordinal);

    /// <summary>Some kinds left weights in a wider dtype when PEFT merged them; the output has the base's, and PEFT's values are rounded to it.</summary>
    private static string? FindImprecision(
        Dictionary<string, StoredTensor> before, Dictionary<string, StoredTensor> after, Dictionary<string, StoredTensor> exact, Dictionary<string,
        StoredTensor> peft)
    {
        foreach ((string name, StoredTensor tensor) in exact)
        {
            Assert.True(after.ContainsKey(name), $"{name} is missing");
            Assert.Equal(tensor.Shape.AsSpan(), after[name].Shape.AsSpan());
            // Of a quantised weight only the result has a dtype that a plain model has.
            DType dtype = before.TryGetValue(name, out StoredTensor? stored) && OutputDType.IsFloat(stored.DType) ? stored.DType : peft[name].DType;
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

    private void AssertConfig()
    {
        JsonObject expected = JsonNode.Parse(File.ReadAllText(Path.Combine(_golden.BaseFolder, "config.json")))!.AsObject();
        JsonObject found = JsonNode.Parse(File.ReadAllText(Path.Combine(_output, "config.json")))!.AsObject();
        foreach ((string field, JsonNode? value) in _golden.Config)
        {
            if (value is null)
                expected.Remove(field);
            else
                expected[field] = value.DeepClone();
        }
        foreach ((string part, JsonNode? fields) in _golden.NestedConfig)
        {
            foreach ((string field, JsonNode? value) in fields!.AsObject())
                expected[part]![field] = value?.DeepClone();
        }
        foreach (string field in _golden.FreeConfig)
        {
            expected.Remove(field);
            found.Remove(field);
        }
        Assert.True(JsonNode.DeepEquals(expected, found), found.ToJsonString());
    }
}
