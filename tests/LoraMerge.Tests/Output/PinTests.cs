using System.Security.Cryptography;
using LoraMerge.Agreed.Options;
using LoraMerge.Comparing;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;
using LoraMerge.Writing;

namespace LoraMerge.Tests.Output;

/// <summary>Inputs that are pinned by SHA-256.</summary>
public sealed class PinTests
{
    private const string Weights = "model.safetensors";
    private const string Wrong = "00000000000000000000000000000000000000000000000000000000000000ff";

    [Fact]
    public async Task A_pinned_base_and_adapter_are_merged_and_the_manifest_has_their_digests()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama());
        MergeRequest request = Pinned(bench, Digest(bench.InBase(Weights)), Digest(bench.InAdapter("adapter_model.safetensors")).ToUpperInvariant());

        MergeResult result = await bench.MergeAsync(request);

        Assert.Equal(Digest(bench.InBase(Weights)), result.Manifest.Base.Sha256![Weights]);
        Assert.Equal(Digest(bench.InAdapter("adapter_model.safetensors")), result.Manifest.Adapters[0].Sha256!["adapter_model.safetensors"]);
        bench.Passed();
    }

    [Fact]
    public async Task The_base_is_read_once_whether_it_is_pinned_or_not()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama());
        long unpinned = (await bench.MergeAsync(bench.Request())).ReadByteLength;

        long pinned = (await bench.MergeAsync(Pinned(bench, Digest(bench.InBase(Weights)), null))).ReadByteLength;

        Assert.Equal(unpinned, pinned);
        bench.Passed();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_swapped_file_stops_the_merge_and_leaves_what_was_there(bool isBase)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama());
        await bench.MergeAsync(bench.Request());
        string[] before = [.. Directory.GetFiles(bench.OutputPath).Select(Digest)];
        string file = isBase ? bench.InBase(Weights) : bench.InAdapter("adapter_model.safetensors");

        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => bench.MergeAsync(Pinned(bench, isBase ? Wrong : null, isBase ? null : Wrong)));

        Assert.Equal((DiagnosticCode.PinnedFileDiffers, Path.GetFullPath(file)), (fault.Code, fault.File));
        Assert.Contains($"{Wrong} is expected, {Digest(file)} found", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(bench.OutputPath).Select(Digest));
        bench.Passed();
    }

    [Fact]
    public async Task Each_shard_has_to_be_pinned_and_other_files_may_be()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2), TinyAdapter.ForLlama());
        string[] shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        string all = string.Join(';', shards.Append("config.json").Select(name => $"{name}={Digest(bench.InBase(name))}"));
        string lines = string.Concat(shards.Select(name => $"{Digest(bench.InBase(name))}  {name}\n"));

        Assert.Equal(3, (await bench.MergeAsync(Pinned(bench, all, null))).Manifest.Base.Sha256!.Count);
        Assert.Equal(2, (await bench.MergeAsync(Pinned(bench, lines, null))).Manifest.Base.Sha256!.Count);
        await Fails(bench, DiagnosticCode.WeightsNotPinned, Wrong);
        await Fails(bench, DiagnosticCode.WeightsNotPinned, $"{shards[0]}={Digest(bench.InBase(shards[0]))}");
        await Fails(bench, DiagnosticCode.PinnedFileDiffers, all.Replace(Digest(bench.InBase("config.json")), Wrong, StringComparison.Ordinal));
        await Fails(bench, DiagnosticCode.PinnedFileDiffers, all.Replace(Digest(bench.InBase(shards[1])), Wrong, StringComparison.Ordinal));
        await Fails(bench, DiagnosticCode.PinnedFileMissing, $"{all};modle.safetensors={Wrong}");
        bench.Passed();
    }

    [Fact]
    public async Task A_verification_holds_files_to_their_pins_too_and_asks_for_none()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama());
        await bench.MergeAsync(Pinned(bench, Digest(bench.InBase(Weights)), null));

        ModelComparison same = await new Merger().VerifyAsync(bench.Request(), bench.OutputPath, TestContext.Current.CancellationToken);
        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(
            () => new Merger().VerifyAsync(Pinned(bench, Wrong, null), bench.OutputPath, TestContext.Current.CancellationToken));

        Assert.Empty(same.Manifest);
        Assert.Equal(DiagnosticCode.PinnedFileDiffers, fault.Code);
        bench.Passed();
    }

    [Fact]
    public async Task The_command_line_has_them_too()
    {
        using var bench = new Workbench(TinyCheckpoint.Llama(), TinyAdapter.ForLlama());

        string ofAdapter = $"1=adapter_model.safetensors={Digest(bench.InAdapter("adapter_model.safetensors"))}";
        CommandLineRun right = await bench.RunAsync("--sha256", Digest(bench.InBase(Weights)), "--adapter-sha256", ofAdapter);
        CommandLineRun wrong = await bench.RunAsync("--adapter-sha256", "1=" + Wrong);
        CommandLineRun none = await bench.RunAsync("--sha256", "abc");

        Assert.Equal(0, right.ExitCode);
        Assert.Contains("LORA7060", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("LORA1101", none.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(";", null)]
    [InlineData("abc", null)]
    [InlineData(Wrong, Wrong)]
    [InlineData(" b=" + Wrong + "; a/x.json = " + Wrong + ";\r\n", "a/x.json=" + Wrong + ";b=" + Wrong)]
    [InlineData(Wrong + "  ./b\n" + Wrong + " *a\n", "a=" + Wrong + ";b=" + Wrong)]
    [InlineData("a=b=" + Wrong, "a=b=" + Wrong)]
    [InlineData("a=" + Wrong + ";a=" + Wrong, null)]
    [InlineData("a=" + Wrong + ";" + Wrong, null)]
    [InlineData("../a=" + Wrong, null)]
    [InlineData("/a=" + Wrong, null)]
    [InlineData("a\\b=" + Wrong, null)]
    [InlineData("=" + Wrong, null)]
    [InlineData("a=" + Wrong + "0", null)]
    [InlineData("g" + Wrong, null)]
    public void A_list_has_one_form(string text, string? normalized) => Assert.Equal(normalized, DigestList.Normalize(text));

    private static async Task Fails(Workbench bench, DiagnosticCode code, string digests) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<LoraMergeException>(() => bench.MergeAsync(Pinned(bench, digests, null)))).Code);

    private static MergeRequest Pinned(Workbench bench, string? ofBase, string? ofAdapter)
    {
        MergeRequest request = bench.Request();
        return request with { Sha256 = ofBase, Adapters = [request.Adapters[0] with { Sha256 = ofAdapter }] };
    }

    private static string Digest(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
