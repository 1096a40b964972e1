using System.Collections.Immutable;
using LoraMerge.Adapters;
using LoraMerge.Changes;
using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Dialects.Peft;
using LoraMerge.Kinds.Lora;
using LoraMerge.Quantized;
using LoraMerge.Safetensors;
using NuGet.Versioning;

namespace LoraMerge.Tests.Parsing;

public sealed class OrientationTests
{
    [Theory]
    [InlineData("llama", "q_proj", new long[] { 12, 4 }, 12, 4, false, false)]
    [InlineData("gpt2", "c_attn", new long[] { 4, 12 }, 12, 4, false, true)]
    [InlineData("gpt2", "c_proj", new long[] { 4, 4 }, 4, 4, false, true)]
    [InlineData("gpt2", "lm_head", new long[] { 4, 4 }, 4, 4, true, false)]
    [InlineData("llama", "q_proj", new long[] { 4, 4 }, 4, 4, true, false)]
    [InlineData("llama", "c_proj", new long[] { 4, 4 }, 4, 4, true, false)]
    [InlineData(null, "q_proj", new long[] { 4, 4 }, 4, 4, false, false)]
    [InlineData(null, "c_attn", new long[] { 4, 12 }, 12, 4, false, true)]
    public void Shapes_decide_and_the_architecture_where_they_cannot(
        string? family,
        string module,
        long[] weight,
        int outFeatures,
        int inFeatures,
        bool hasFlag,
        bool expected
    )
    {
        Assert.Equal(expected, IsTransposed(family, module, weight, [2, inFeatures], [outFeatures, 2], hasFlag));
    }

    [Theory]
    [InlineData(new long[] { 8, 4, 3, 3 }, new long[] { 2, 4, 3, 3 }, new long[] { 8, 2, 1, 1 })]
    [InlineData(new long[] { 8, 4, 3 }, new long[] { 2, 4, 3 }, new long[] { 8, 2, 1 })]
    public void Kernels_of_convolutions_lie_in_a(long[] weight, long[] a, long[] b)
    {
        Assert.False(IsTransposed("resnet", "conv", weight, a, b, hasFlag: false));
    }

    [Theory]
    [InlineData(new long[] { 12, 4 }, new long[] { 2, 5 }, new long[] { 12, 2 }, DiagnosticCode.ShapeMismatch)]
    [InlineData(new long[] { 12 }, new long[] { 2, 4 }, new long[] { 12, 2 }, DiagnosticCode.ShapeMismatch)]
    [InlineData(new long[] { 8, 4, 3, 3 }, new long[] { 2, 4, 3, 3 }, new long[] { 8, 2, 3, 3 }, DiagnosticCode.ShapeMismatch)]
    [InlineData(new long[] { 4, 4 }, new long[] { 2, 4 }, new long[] { 4, 2 }, DiagnosticCode.OrientationAmbiguous)]
    public void What_fits_neither_way_or_both_is_refused(long[] weight, long[] a, long[] b, DiagnosticCode code)
    {
        LoraMergeException fault = Assert.Throws<LoraMergeException>(() => IsTransposed(null, "q_proj", weight, a, b, hasFlag: true));

        Assert.Equal(code, fault.Code);
    }

    private static bool IsTransposed(string? family, string name, long[] weight, long[] a, long[] b, bool hasFlag)
    {
        using var folder = new TestFolder();
        File.WriteAllText(
            Path.Combine(TinyCheckpoint.Empty.Filled("w", DType.F32, 1).WriteTo(folder["base"]), "config.json"),
            family is null ? "{}" : $"{{\"model_type\": \"{family}\"}}"
        );
        var config = new AdapterConfig(new AdapterOrigin(AdapterOrigin.Peft, VersionRange.All, "")) { HasFanInFanOutFlag = hasFlag };
        var own = new LoraConfig(new RankAndAlpha(2, 4, [], []), UsesRsLora: false);
        StoredTensor storedA = Tensor("lora_A", a), storedB = Tensor("lora_B", b);
        var module = new LoraModule("model." + name, storedA, storedB, new StoredFactor(storedA), new StoredFactor(storedB), 2, 2);
        var adapter = new Adapter(
            "adapter",
            new PeftDialect(),
            new LoraKind(),
            config,
            own,
            [new Shard("f", "f", [], ImmutableDictionary<string, string>.Empty)],
            [module],
            [],
            []
        );
        var by = new AppliedAdapter(adapter, 0, 1, ExpertLayout.Peft, BaseModels.Open(folder["base"]), path => path, []);
        folder.Passed();
        return Assert.IsType<LowRankChange>(Assert.Single(module.ChangeWeight(new ModuleTarget(Tensor("weight", weight), by)))).IsTransposed;
    }

    private static StoredTensor Tensor(string name, long[] shape) =>
        new(name, DType.F32, [.. shape], "file", 0, 4 * shape.Aggregate(1L, (product, side) => product * side));
}
