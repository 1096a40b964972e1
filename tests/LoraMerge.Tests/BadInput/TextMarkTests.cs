using System.Text;
using LoraMerge.Manifests;

namespace LoraMerge.Tests.BadInput;

/// <summary>Texts with the marks that editors of Windows put before them: that of UTF-8 is passed over wherever a text is read, UTF-16 is named.</summary>
public sealed class TextMarkTests
{
    private static readonly byte[] s_mark = Encoding.UTF8.Preamble.ToArray();

    public static TheoryData<string, string> Texts => new()
    {
        { "base/config.json", "LORA2008" },
        { "base/model.safetensors.index.json", "LORA2004" },
        { "base/tokenizer_config.json", "LORA2115" },
        { "base/tokenizer.json", "LORA2115" },
        { "base/generation_config.json", "LORA2115" },
        { "base/special_tokens_map.json", "LORA2115" },
        { "base/chat_template.jinja", "LORA2115" },
        { "base/chat_template.json", "LORA2115" },
        { "base/additional_chat_templates/tool_use.jinja", "LORA2115" },
        { "adapter/adapter_config.json", "LORA3002" },
        { "adapter/tokenizer_config.json", "LORA2115" },
        { "adapter/chat_template.jinja", "LORA2115" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task A_mark_of_UTF_8_changes_nothing(string file, string _)
    {
        using Workbench bench = Bench(), plain = Bench();
        string path = Path.Combine(bench.Folder, file);
        await File.WriteAllBytesAsync(path, [.. s_mark, .. await File.ReadAllBytesAsync(path, Token)], Token);

        CommandLineRun marked = await bench.RunAsync(), unmarked = await plain.RunAsync();

        Assert.True(marked.ExitCode == 0, marked.Error);
        Assert.Equal(0, unmarked.ExitCode);
        Assert.Equal(Contents(plain), Contents(bench));
        Assert.True((await new Merger().VerifyAsync(bench.Request(), bench.OutputPath, Token)).IsEqual);
        bench.Passed();
        plain.Passed();
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task UTF_16_is_refused_as_that(string file, string code)
    {
        foreach (Encoding encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            using Workbench bench = Bench();
            string path = Path.Combine(bench.Folder, file);
            await File.WriteAllTextAsync(path, await File.ReadAllTextAsync(path, Token), encoding, Token);

            CommandLineRun run = await bench.RunAsync();

            Assert.Equal(1, run.ExitCode);
            Assert.Contains($"error {code}: ", run.Error, StringComparison.Ordinal);
            Assert.Contains("UTF-16", run.Error, StringComparison.Ordinal);
            bench.Passed();
        }
    }

    [Fact]
    public async Task A_manifest_may_have_the_mark_and_is_refused_in_UTF_16()
    {
        using var bench = new Workbench();
        await bench.MergeAsync();
        string file = Path.Combine(bench.OutputPath, MergeManifest.FileName), text = await File.ReadAllTextAsync(file, Token);

        await File.WriteAllTextAsync(file, text, new UTF8Encoding(true), Token);
        Assert.Equal(bench.Request().BaseModel.Split('/')[^1], MergeManifest.Read(file).Base.Name);

        await File.WriteAllTextAsync(file, text, Encoding.Unicode, Token);
        CommandLineRun run = await CommandLineRun.Of("report", bench.OutputPath);
        Assert.Contains("error LORA6050: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("UTF-16", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Workbench Bench() => new(
        TinyCheckpoint.Llama().InShards(2)
            .File("tokenizer_config.json", """{ "pad_token": "p" }""")
            .File("tokenizer.json", """{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] } }""")
            .File("generation_config.json", """{ "eos_token_id": 1 }""")
            .File("special_tokens_map.json", """{ "pad_token": "p" }""")
            .File("chat_template.jinja", "of base")
            .File("chat_template.json", """{ "chat_template": "of base" }""")
            .File("additional_chat_templates/tool_use.jinja", "of tools"),
        TinyAdapter.ForLlama().File("tokenizer_config.json", """{ "padding_side": "left" }""").File("chat_template.jinja", "of adapter"));

    /// <summary>Without the mark, which a file that is copied keeps; and without the manifest, which has the files' hashes.</summary>
    private static Dictionary<string, string> Contents(Workbench bench) => Directory.EnumerateFiles(bench.OutputPath, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetFileName(file) != MergeManifest.FileName)
        .ToDictionary(file => Path.GetRelativePath(bench.OutputPath, file), file => Convert.ToHexString(WithoutMark(File.ReadAllBytes(file))));

    private static ReadOnlySpan<byte> WithoutMark(byte[] bytes) => bytes.AsSpan(bytes.AsSpan().StartsWith(s_mark) ? s_mark.Length : 0);
}
