using System.Text;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Section 9: what a merge needs, and nothing else.</summary>
public sealed class SelectionTests
{
    private static readonly string[] s_neverTaken =
    [
        "model.fp16.safetensors", "consolidated.safetensors", "consolidated.00.pth", "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "model.gguf",
        "model.onnx",
        "onnx/model.onnx", "onnx/model.onnx_data", "original/consolidated.00.pth", "original/params.json", "openvino/model.xml", "coreml/model.mlmodel",
        "flax/flax_model.msgpack", "flax_model.msgpack", "tf_model.h5", "rust_model.ot", "optimizer.pt", "checkpoint-500/model.safetensors",
        "runs/events.out.tfevents.1",
        ".gitattributes", "figures/loss.png",
    ];

    private static readonly string[] s_taken =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "preprocessor_config.json",
        "chat_template.jinja", "additional_chat_templates/tool.jinja", "modeling_tiny.py", "LICENSE", "original/tokenizer.model",
    ];

    [Fact]
    public async Task Of_a_base_its_weights_are_taken_and_what_the_merge_copies()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.Server.Add("acme/tiny").Large("model.safetensors", 100);
        foreach (string name in s_taken.Concat(s_neverTaken))
            repository.Small(name, name);

        FetchedRepository fetched = await bench.Fetch(role: HubRole.Base);

        Assert.Equal([.. s_taken.Append("model.safetensors").Order(StringComparer.Ordinal)], fetched.Names);
    }

    [Fact]
    public async Task Of_an_index_the_files_that_it_names_are_taken_and_no_variant()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("config.json", "{}").Small("quantize_config.json", "{ }")
            .Small("model.safetensors.index.json", Index("model-1.safetensors", "model-2.safetensors"))
            .Large("model-1.safetensors", 10, 1).Large("model-2.safetensors", 10, 2).Large("model.fp16-1.safetensors", 10, 3).Large("other.safetensors", 10, 4)
            .Small("weights.data", "?");

        Assert.Equal(
            ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json", "quantize_config.json"],
            (await bench.Fetch()).Names);
    }

    [Fact]
    public async Task An_index_that_no_merge_would_read_is_not_downloaded()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("config.json", "{}").Large("model.safetensors.index.json", (32 << 20) + 1);

        HubException fault = await bench.Fault();

        Assert.Contains("too long for one", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Server.Requests, request => request.IsContent);
    }

    [Fact]
    public async Task Pickles_are_taken_where_nothing_else_is()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("config.json", "{}").Small("pytorch_model.bin.index.json", Index("pytorch_model-00001-of-00001.bin"))
            .Large("pytorch_model-00001-of-00001.bin", 10);

        Assert.Equal(["config.json", "pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json"], (await bench.Fetch()).Names);
    }

    [Fact]
    public async Task The_one_other_safetensors_file_is_taken()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("config.json", "{}").Large("tiny-instruct.safetensors", 10).Small("pytorch_model.bin", "pickle");

        Assert.Equal(["config.json", "tiny-instruct.safetensors"], (await bench.Fetch()).Names);
    }

    [Fact]
    public async Task A_shard_that_is_missing_is_named_with_its_repository_before_any_weight_is_fetched()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("model.safetensors.index.json", Index("model-1.safetensors", "model-2.safetensors"))
            .Large("model-1.safetensors", 10);

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.FileMissing, fault.Code);
        Assert.Contains("'model-2.safetensors'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("hf://acme/tiny", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Server.Requests, request => request.IsContent);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"weight_map": []}""")]
    [InlineData("""{"weight_map": {"a": "../../../etc/passwd"}}""")]
    [InlineData("""{"weight_map": {"a": 5}}""")]
    [InlineData("""{"weight_map": {}}""")]
    public async Task An_index_that_is_none_is_said(string index)
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("model.safetensors.index.json", index);

        Assert.Equal(HubCode.FileMissing, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task Weights_that_could_be_any_of_several_are_named()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Large("a.safetensors", 10).Large("b.safetensors", 11);

        HubException fault = await bench.Fault();

        Assert.Equal(HubCode.WeightsAmbiguous, fault.Code);
        Assert.Contains("a.safetensors, b.safetensors", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_GGUF_model_is_taken_where_nothing_else_is_and_of_several_none()
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.Server.Add("acme/tiny").Small("config.json", "{}")
            .Large("tiny-00001-of-00002.gguf", 10, 1).Large("tiny-00002-of-00002.gguf", 10, 2);

        Assert.Equal(["config.json", "tiny-00001-of-00002.gguf", "tiny-00002-of-00002.gguf"], (await bench.Fetch()).Names);

        repository.Commit("2222222222222222222222222222222222222222", "main", ("tiny-q4.gguf", new HubContents(new byte[3], true)));
        Assert.Equal(HubCode.WeightsAmbiguous, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task A_repository_of_other_formats_holds_no_weights_to_merge_into()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("config.json", "{}").Large("model.onnx", 10).Large("tf_model.h5", 11);

        Assert.Equal(HubCode.FileMissing, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task An_adapter_of_one_GGUF_file_is_taken()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Large("pirate.gguf", 10).Small("README.md", "x");

        Assert.Equal(["pirate.gguf"], (await bench.Fetch(role: HubRole.Adapter)).Names);
    }

    [Theory]
    [InlineData("adapter_model.safetensors")]
    [InlineData("adapters.safetensors")]
    [InlineData("adapter_model.bin")]
    public async Task Of_an_adapter_its_weights_are_taken_and_the_tokenizer_that_was_trained_with_it(string weights)
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.Server.Add("acme/tiny").Small("adapter_config.json", "{}").Large(weights, 10).Small("tokenizer.json", "{}")
            .Small("chat_template.jinja", "x");
        foreach (string other in (string[])
            ["README.md", "training_args.bin", "optimizer.pt", "trainer_state.json", "checkpoint-10/adapter_model.safetensors", "runs/x", "x.gguf"])
            repository.Small(other, other);

        FetchedRepository fetched = await bench.Fetch();

        Assert.Equal(HubRole.Adapter, fetched.Role);
        Assert.Equal([.. ((string[])["adapter_config.json", weights, "tokenizer.json", "chat_template.jinja"]).Order(StringComparer.Ordinal)], fetched.Names);
    }

    [Fact]
    public async Task Of_an_adapter_safetensors_are_taken_before_pickles()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("adapter_config.json", "{}").Large("adapter_model.safetensors", 10).Large("adapter_model.bin", 11);

        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], (await bench.Fetch()).Names);
    }

    [Fact]
    public async Task An_adapter_without_weights_is_said()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("adapter_config.json", "{}");

        Assert.Equal(HubCode.FileMissing, (await bench.Fault()).Code);
    }

    [Fact]
    public async Task An_adapter_named_as_a_base_and_a_base_named_as_an_adapter_are_said()
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/adapter").Small("adapter_config.json", "{}").Large("adapter_model.safetensors", 10);
        bench.AddModel();

        Assert.Equal(HubCode.RoleMismatch, (await bench.Fault("hf://acme/adapter", HubRole.Base)).Code);
        Assert.Equal(HubCode.RoleMismatch, (await bench.Fault("hf://acme/tiny", HubRole.Adapter)).Code);
    }

    [Theory]
    [InlineData("hf://acme/many", HubRole.Base, "There is a model in 'full': write, for instance, 'hf://acme/many/full'")]
    [InlineData("hf://acme/many@main", HubRole.Adapter, "There is an adapter in 'a/pirate', 'space': write, for instance, 'hf://acme/many@main/a/pirate'")]
    [InlineData("hf://acme/many/spaec", HubRole.Auto, "Did you mean 'space'?")]
    [InlineData("hf://acme/many/elsewhere", HubRole.Auto, "It has 'a/pirate', 'full', 'space'.")]
    [InlineData("hf://acme/many/tree/main", HubRole.Auto, "'hf://acme/many@main'")]
    [InlineData("hf://acme/many/blob/v1/full/model.safetensors", HubRole.Auto, "'hf://acme/many/full@v1'")]
    [InlineData("hf://acme/many/resolve/v1/model.safetensors", HubRole.Auto, "'hf://acme/many@v1'")]
    [InlineData("hf://acme/many/tree/v1/a/pirate", HubRole.Auto, "'hf://acme/many/a/pirate@v1'")]
    [InlineData("hf://acme/many/full/model.safetensors", HubRole.Auto, "That is a file")]
    [InlineData("hf://acme/tiny/sub", HubRole.Auto, "It has no folders")]
    public async Task An_address_that_leads_to_no_model_is_told_where_there_is_one(string address, HubRole role, string hint)
    {
        await using var bench = new HubBench();
        bench.Server.Add("acme/tiny").Small("config.json", "{}");
        HubRepository many = bench.Server.Add("acme/many").Small("README.md", "# many").Small("full/config.json", "{}").Large("full/model.safetensors", 10);
        foreach (string folder in (string[])["a/pirate", "space"])
            many.Small($"{folder}/adapter_config.json", "{}").Large($"{folder}/adapter_model.safetensors", 10);

        Assert.Contains(hint, (await bench.Fault(address, role)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_trained_with_an_adapter_in_the_repository_of_its_model_is_told_by_the_role()
    {
        await using var bench = new HubBench();
        bench.AddModel().Small("adapter_config.json", "{}").Large("adapter_model.safetensors", 10, 9);

        Assert.Contains("model.safetensors", (await bench.Fetch(role: HubRole.Base)).Names);
        Assert.DoesNotContain("model.safetensors", (await bench.Fetch(role: HubRole.Adapter)).Names);
    }

    private static string Index(params string[] shards)
    {
        var map = new StringBuilder();
        foreach (string shard in shards)
            map.Append(map.Length == 0 ? "" : ",").Append($"\"{shard}.weight\": \"{shard}\"");
        return $$"""{"metadata": {}, "weight_map": { {{map}} } }""";
    }
}
