using System.Globalization;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Determinism;

/// <summary>Same inputs, same bytes: whatever the number of threads, the memory, the culture or the time.</summary>
public sealed class SameBytesTests
{
    private static readonly long LeastMemory = 1;

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F16)]
    [InlineData(DType.F32)]
    public async Task Threads_and_memory_change_no_bit(DType dtype)
    {
        // 64 Ki elements are the least block, so these weights are cut into 12 and 17 pieces, the last of them ragged.
        using var bench = new Workbench(
            TinyCheckpoint
                .Empty.Filled("model.layers.0.self_attn.q_proj.weight", dtype, 1023, 768)
                .Filled("model.layers.0.mlp.up_proj.weight", dtype, 768, 1500)
                .File("config.json", "{\"model_type\": \"llama\"}"),
            TinyAdapter.Lora(16).Module("model.layers.0.self_attn.q_proj", 1023, 768, DType.BF16).Module("model.layers.0.mlp.up_proj", 768, 1500, DType.BF16)
        );
        MergeRequest request = bench.Request();
        await bench.MergeAsync(request with { Threads = 1 });
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);

        foreach (
            MergeRequest other in (MergeRequest[])
                [
                    request with
                    {
                        Threads = 2,
                    },
                    request with
                    {
                        Threads = 3,
                    },
                    request with
                    {
                        MaxMemory = LeastMemory,
                        Threads = 1,
                    },
                    request with
                    {
                        MaxMemory = LeastMemory,
                        Threads = 3,
                    },
                ]
        )
        {
            await bench.MergeAsync(other);

            Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        }
        bench.Passed();
    }

    [Theory]
    [InlineData("pissa")]
    [InlineData("olora")]
    public async Task Threads_change_no_bit_of_a_base_that_training_took_a_part_of(string initialisation)
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.Filled("model.layers.0.mlp.up_proj.weight", DType.F32, 700, 500).File("config.json", "{\"model_type\": \"llama\"}"),
            TinyAdapter.Lora(8).Config("init_lora_weights", initialisation).Module("model.layers.0.mlp.up_proj", 700, 500));
        await bench.MergeAsync(bench.Request() with { Threads = 1 });
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);

        await bench.MergeAsync(bench.Request() with { Threads = 2 });
        SortedDictionary<string, string> withTwo = FolderContents.Of(bench.OutputPath);
        await bench.MergeAsync(bench.Request() with { Threads = 3 });

        Assert.Equal(expected, withTwo);
        Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        bench.Passed();
    }

    [Fact]
    public async Task A_transposed_weight_of_several_blocks_has_the_same_bits()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.Filled("h.0.attn.c_attn.weight", DType.F32, 1500, 3000).File("config.json", "{\"model_type\": \"gpt2\"}"),
            TinyAdapter.Lora(8).Module("transformer.h.0.attn.c_attn", 3000, 1500));
        await bench.MergeAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);

        await bench.MergeAsync(bench.Request() with { MaxMemory = LeastMemory, Threads = 2 });

        Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        bench.Passed();
    }

    [Fact]
    public async Task Trained_rows_are_put_into_the_block_that_holds_them()
    {
        int[] tokens = [0, 4191, 4192, 8999, 511];
        using var bench = new Workbench(
            TinyCheckpoint.Llama().Filled("model.embed_tokens.weight", DType.F32, 9000, 500),
            TinyAdapter.ForLlama()
                .Config("trainable_token_indices", new System.Text.Json.Nodes.JsonArray([.. tokens.Select(token => (System.Text.Json.Nodes.JsonNode)token)]))
                .Filled("model.embed_tokens.token_adapter.trainable_tokens_delta", DType.F32, tokens.Length, 500));
        await bench.MergeAsync(bench.Request() with { MaxMemory = LeastMemory });

        double[] embedding = Golden.TensorTable.Values(Golden.TensorTable.Headers(bench.OutputPath)["model.embed_tokens.weight"]);
        double[] before = Golden.TensorTable.Values(Golden.TensorTable.Headers(bench.Base)["model.embed_tokens.weight"]);
        double[] rows = Golden.TensorTable.Values(
            Golden.TensorTable.Headers(bench.InAdapter("adapter_model.safetensors"))["base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta"]
        );

        for (int row = 0; row < 9000; row++)
        {
            int trained = Array.IndexOf(tokens, row);
            Span<double> expected = trained < 0 ? before.AsSpan(row * 500, 500) : rows.AsSpan(trained * 500, 500);
            Assert.True(expected.SequenceEqual(embedding.AsSpan(row * 500, 500)), $"row {row}");
        }
        bench.Passed();
    }

    [Fact]
    public async Task A_culture_with_other_numbers_changes_no_bit_and_no_word()
    {
        using var bench = new Workbench();
        bench.Adapter += "=0.75";
        CommandLineRun plain = await bench.RunAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);
        var culture = new CultureInfo("")
        {
            NumberFormat =
            {
                NumberDecimalSeparator = ",",
                NumberGroupSeparator = ".",
                NegativeSign = "−",
                PositiveInfinitySymbol = "∞",
            },
        };
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = culture;
        CommandLineRun run;
        try
        {
            run = await bench.RunAsync();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
            CultureInfo.DefaultThreadCurrentCulture = null;
        }

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(WithoutSeconds(plain.Output), WithoutSeconds(run.Output));
        Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        bench.Passed();
    }

    /// <summary>With the cultures of ICU, which the program itself does without: a Turkish i in lower case is none of ours.</summary>
    [Theory]
    [InlineData("tr_TR.UTF-8")]
    [InlineData("de_DE.UTF-8")]
    public async Task A_turkish_or_german_system_changes_no_bit(string language)
    {
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2).File("LICENSE", "I").File("TOKENIZER_INFO.txt", "İ"), TinyAdapter.ForLlama());
        await bench.MergeAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);
        string settings = Path.Combine(bench.Folder, "cultures.json");
        File.WriteAllText(settings, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "lora-merge.runtimeconfig.json"))
            .Replace("\"System.Globalization.Invariant\": true", "\"System.Globalization.Invariant\": false", StringComparison.Ordinal));
        string[] program = ["env", $"LC_ALL={language}", $"LANG={language}", "dotnet", "exec", "--runtimeconfig", settings, ChildProcess.LoraMerge[^1]];
        await ChildProcess.SkipUnless("There is no ICU here.", [.. program, "--help"]);

        ChildProcess run = await ChildProcess.Run([
            .. program,
            "merge",
            "--base",
            bench.Base,
            "--adapter",
            bench.Adapter + "=1",
            "--output",
            bench.OutputPath,
            "--device",
            "CPU".ToLowerInvariant(),
        ]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(expected, FolderContents.Of(bench.OutputPath));
        bench.Passed();
    }

    private static string WithoutSeconds(string output) => System.Text.RegularExpressions.Regex.Replace(output, @"in \d+\.\d s", "in 0 s");
}
