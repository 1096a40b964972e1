using LoraMerge.Quantized;
using LoraMerge.Requests;
using LoraMerge.Store;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Quantized;

/// <summary>The sample's base in four bits: what a plain base can become, it can.</summary>
public sealed class QuantizedSampleTests
{
    [Fact]
    public async Task A_GGUF_file_of_it_is_that_of_its_plain_model()
    {
        using var folder = new TestFolder();
        string packed = Pack(folder), adapter = Adapter("pirate");
        await new Merger().DequantizeAsync(
            new MergeRequest(packed, []) { Name = "base", Device = "cpu", DType = new Planning.OutputDType(Safetensors.DType.F32) }, folder["plain/base"],
                CancellationToken.None);
        foreach ((string from, string to) in ((string, string)[])[(packed, "one"), (folder["plain/base"], "other")])
        {
            MergeRequest request = new(from, [new AdapterRequest(adapter)]) { Name = "m", Format = "gguf", Quantization = "Q8_0", Device = "cpu" };
            await new Merger().MergeAsync(request, folder[to], CancellationToken.None);
        }

        CommandLineRun compared = await CommandLineRun.Of("diff", folder["one"], folder["other"]);

        Assert.DoesNotContain("model.", compared.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(".weight", compared.Output, StringComparison.Ordinal);
        folder.Passed();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_merge_into_a_store_computes_nothing(bool keeps)
    {
        using var folder = new TestFolder();
        MergeRequest request = new(Pack(folder), [new AdapterRequest(Adapter("pirate"))]) { Name = "m", Device = "cpu", KeepsQuantization = keeps };

        MergeResult first = await MergeAsync(request);
        MergeResult again = await MergeAsync(request with { Threads = 1 });
        MergeResult other = await MergeAsync(request with { Adapters = [new AdapterRequest(Adapter("pirate"), 0.5)] });

        Assert.Equal(28, first.ComputedTensorCount);
        Assert.Equal(0, again.ComputedTensorCount);
        Assert.Equal(28, other.ComputedTensorCount);
        folder.Passed();

        async Task<MergeResult> MergeAsync(MergeRequest asked) =>
            await new Merger().MergeIntoStoreAsync(asked, new StoreRequest(folder["store"], folder["state"], null), CancellationToken.None);
    }

    [Fact]
    public void A_plan_counts_what_a_weight_that_lies_the_other_way_holds()
    {
        using var folder = new TestFolder();
        PackedBase gptq = PackedBase.Unpack("gptq-v1-4bit-g32", folder["gptq"]);

        long held = gptq.Quantized().Max(tensor => tensor.HeldBytes);
        long stored = gptq.Quantized().Max(tensor => tensor.Parts[0].ByteLength);
        PlannedMerge plan = new Merger().Plan(Golden.GoldenCase.At(folder["gptq"]).Request());

        Assert.True(held > stored);
        Assert.True(plan.MemoryBytes > LoraMerge.Merging.MergeMemory.FixedBytes + held);
        Assert.Contains(plan.Changes, change => change.Steps.Contains("dequantised"));
        folder.Passed();
    }

    private static string Pack(TestFolder folder)
    {
        string to = folder["base"];
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "sample-app", "models", "base")))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        Nf4Packer.Pack(to);
        Assert.Equal(28, BaseModels.Open(to).Tensors.OfType<QuantizedTensor>().Count());
        return to;
    }

    private static string Adapter(string name) => Path.Combine(Repository.Root, "sample-app", "adapters", name);
}
