using LoraMerge.Tests.Golden;

namespace LoraMerge.Tests;

/// <summary><c>inspect</c> says what an adapter is, also if it cannot be merged.</summary>
public sealed class InspectionTests
{
    [Fact]
    public void Lora_is_described_in_words()
    {
        Inspection inspection = Inspect("old-0.8-rslora-pattern");

        Assert.StartsWith("LoRA adapter", Fact(inspection, "what"), StringComparison.Ordinal);
        Assert.Equal("yes", Fact(inspection, "can be merged"));
        Assert.StartsWith("It corrects 4 weights (q_proj, v_proj) in blocks 0-1. A correction has rank 4 or 8,", Fact(inspection, "in words"), StringComparison.Ordinal);
        Assert.StartsWith("PEFT 0.8.0 or later, before 0.9.0", Fact(inspection, "written by"), StringComparison.Ordinal);
    }

    [Fact]
    public void Adapter_of_mlx_lm_is_described_like_any_other()
    {
        Inspection inspection = Inspect("mlx-dora-bias");

        Assert.StartsWith("DoRA adapter", Fact(inspection, "what"), StringComparison.Ordinal);
        Assert.StartsWith("mlx_lm 0.19.0 or later", Fact(inspection, "written by"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error-prompt-tuning", "PROMPT_TUNING adapter: a trained beginning of every input", "no: LORA3006: ")]
    [InlineData("error-unknown-kind", "", "no: LORA3005: ")]
    [InlineData("error-alora", "LORA adapter: ", "no: LORA3006: ")]
    public void Adapter_that_cannot_be_merged_is_described_with_the_reason(string name, string what, string reason)
    {
        Inspection inspection = Inspect(name);

        Assert.StartsWith(what, Fact(inspection, "what"), StringComparison.Ordinal);
        Assert.StartsWith(reason, Fact(inspection, "can be merged"), StringComparison.Ordinal);
        Assert.StartsWith("PEFT ", Fact(inspection, "written by"), StringComparison.Ordinal);
    }

    private static Inspection Inspect(string name) => Merger.Inspect(Path.Combine(GoldenCase.Root, name, "adapter"));

    private static string Fact(Inspection inspection, string name) => Assert.IsType<string>(inspection.Facts.Single(fact => fact.Name == name).Value);
}
