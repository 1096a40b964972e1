using LoraMerge.Diagnostics;
using LoraMerge.Store;
using LoraMerge.Writing;

namespace LoraMerge.Tests.BadInput;

/// <summary>Who names something near what is meant is told what that may be.</summary>
public sealed class GuessTests
{
    [Fact]
    public async Task The_folder_around_a_model_or_an_adapter_leads_to_it()
    {
        using var bench = new Workbench();
        (string model, string adapter) = (bench.Base, bench.Adapter);
        bench.Base = Around("models", model);
        await bench.AssertRefusedAsync(DiagnosticCode.CheckpointHasNoWeights, $"There is a model in '{Path.Combine(bench.Base, "base")}': name that folder.");
        (bench.Base, bench.Adapter) = (Path.Combine(bench.Base, "base"), Around("adapters", adapter));
        await bench.AssertRefusedAsync(
            DiagnosticCode.AdapterConfigMissing,
            $"There is an adapter in '{Path.Combine(bench.Adapter, "adapter")}': name that folder."
        );

        bench.Passed();

        string Around(string name, string folder)
        {
            string around = Directory.CreateDirectory(Path.Combine(bench.Folder, name)).FullName;
            Directory.Move(folder, Path.Combine(around, Path.GetFileName(folder)));
            return around;
        }
    }

    [Theory]
    [InlineData("https://huggingface.co/acme/tiny-llama", "hf://acme/tiny-llama")]
    [InlineData("http:/hf.co/acme/tiny-llama/", "hf://acme/tiny-llama")] // as MSBuild hands it on
    [InlineData("https://www.huggingface.co/acme/tiny/tree/v1.0", "hf://acme/tiny@v1.0")]
    [InlineData("https://huggingface.co/acme/many/tree/main/adapters/pirate", "hf://acme/many/adapters/pirate@main")]
    [InlineData("https://huggingface.co/acme/tiny/blob/main/model.safetensors", "hf://acme/tiny@main")]
    [InlineData("https://huggingface.co/acme/many/resolve/v1/pirate/adapter_config.json", "hf://acme/many/pirate@v1")]
    [InlineData("acme/tiny-llama", "hf://acme/tiny-llama")]
    [InlineData("hf:/acme/tiny", "hf://acme/tiny")]
    [InlineData("hf:acme/tiny", "hf://acme/tiny")]
    public async Task A_page_of_the_hub_leads_to_its_address(string path, string address)
    {
        using var bench = new Workbench();
        bench.Base = path;

        CommandLineRun run = await bench.RunAsync();

        Assert.Contains("error LORA1107: ", run.Error, StringComparison.Ordinal);
        Assert.Contains($"A model of the Hugging Face hub is named by its address: '{address}'.", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_tilde_that_no_shell_has_replaced_is_explained()
    {
        using var bench = new Workbench();
        bench.Adapter = "~/adapters/pirate";

        CommandLineRun run = await bench.RunAsync();

        Assert.Contains("error LORA1107: The adapter '~/adapters/pirate' does not exist. Only shells know '~'", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_base_model_in_the_place_of_an_adapter_is_recognised()
    {
        using var bench = new Workbench();
        bench.Adapter = bench.Base;

        await bench.AssertRefusedAsync(DiagnosticCode.AdapterConfigMissing, "looks like a base model");
        bench.Passed();
    }

    [Theory]
    [InlineData("bsae", "Did you mean '{0}base'?")]
    [InlineData("Base", "Did you mean '{0}base'?")]
    [InlineData("adaptor", "Did you mean '{0}adapter'?")]
    [InlineData("model", "In '{0}' there are 'adapter' and 'base'.")]
    [InlineData("far/away", null)]
    public async Task A_path_that_leads_nowhere_is_held_against_what_is_there(string name, string? hint)
    {
        using var bench = new Workbench();
        bench.Base = Path.Combine(bench.Folder, name);
        string expected = hint is null
            ? "does not exist. Correct the path"
            : "does not exist. "
                + string.Format(null, hint, hint.StartsWith("In", StringComparison.Ordinal) ? bench.Folder : bench.Folder + Path.DirectorySeparatorChar);
        Assert.SkipWhen(Path.Exists(bench.Base), "This file system does not tell letter case apart.");

        await bench.AssertRefusedAsync(DiagnosticCode.PathNotFound, expected);
        bench.Passed();
    }

    [Theory]
    [InlineData("base/config.json", "is a JSON file", "Name its folder")]
    [InlineData("adapter/adapter_config.json", "is a JSON file", "Name its folder")]
    [InlineData("App.csproj", "is a project file", "Name the folder of the model")]
    [InlineData("App.slnx", "is a solution", "Name the folder of the model")]
    [InlineData("notes.json", "is a JSON file", "Name the folder of the model")]
    public async Task Inspect_says_what_a_file_is_that_holds_no_weights(string file, string kind, string remedy)
    {
        using var bench = new Workbench();
        string path = Path.Combine(bench.Folder, file);
        if (file.EndsWith("json", StringComparison.Ordinal) && !File.Exists(path) || !file.Contains('/', StringComparison.Ordinal))
            await File.WriteAllTextAsync(path, "{}", TestContext.Current.CancellationToken);
        bool isOfInput = file.Contains('/', StringComparison.Ordinal);

        CommandLineRun run = await CommandLineRun.Of("inspect", path);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"error LORA1121: '{path}' {kind}", run.Error, StringComparison.Ordinal);
        Assert.Contains(isOfInput ? $"{remedy}, '{Path.GetDirectoryName(path)}'." : remedy, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("download", run.Error, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Inspect_of_a_store_leads_to_what_is_in_it()
    {
        using var bench = new Workbench();
        string store = Path.Combine(bench.Folder, "obj", "lora");
        MergeResult result = await new Merger().MergeIntoStoreAsync(
            bench.Request(),
            new StoreRequest(store, Path.Combine(bench.Folder, "state"), null),
            TestContext.Current.CancellationToken
        );

        CommandLineRun run = await CommandLineRun.Of("inspect", store);

        Assert.Contains($"error LORA1121: '{store}' is a store of merged models", run.Error, StringComparison.Ordinal);
        Assert.Contains($"one of its models is '{result.Folder}'", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLineRun.Of("inspect", result.Folder)).ExitCode);
        bench.Passed();
    }

    [Theory]
    [InlineData("{ \"model_type\": \"llama\" }", "a JSON file")]
    [InlineData("<?xml version=\"1.0\"?>", "an XML file")]
    [InlineData("GGUF\u0003\0\0\0\0\0\0\0", "a GGUF file")]
    public async Task Another_format_under_the_name_of_the_weights_is_no_interrupted_download(string contents, string kind)
    {
        using var bench = new Workbench();
        await File.WriteAllTextAsync(bench.InBase("model.safetensors"), contents, TestContext.Current.CancellationToken);

        await bench.AssertRefusedAsync(DiagnosticCode.SafetensorsInvalid, kind, "Put the safetensors file in its place");
        bench.Passed();
    }

    [Fact]
    public async Task Everything_that_is_wrong_with_versions_and_inputs_is_said_at_once()
    {
        using var bench = new Workbench();
        string[] versions = await CodesAsync("--base-version", "old", "--adapter-version", "1=new", "--base-range", "1=some");
        File.Delete(bench.InAdapter("adapter_config.json"));
        File.Delete(bench.InBase("model.safetensors"));
        string[] inputs = await CodesAsync();
        (bench.Base, bench.Adapter) = (Path.Combine(bench.Folder, "x"), Path.Combine(bench.Folder, "y"));
        string[] paths = await CodesAsync();

        Assert.Equal(["LORA1105", "LORA1105", "LORA1105"], versions);
        Assert.Equal(["LORA2001", "LORA3001"], inputs);
        Assert.Equal(["LORA1107", "LORA1107"], paths);
        bench.Passed();

        async Task<string[]> CodesAsync(params string[] more) =>
            [.. (await bench.RunAsync(more)).Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split("error ")[1][..8])];
    }
}
