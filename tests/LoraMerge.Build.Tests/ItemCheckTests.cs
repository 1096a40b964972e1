using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build.Tests;

/// <summary>What the task says of items and properties, asked in process: no worker is ever started here.</summary>
public sealed class ItemCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lora ü ").FullName;
    private readonly RecordedEngine _engine = new();

    public ItemCheckTests()
    {
        foreach (string file in (string[])["base/config.json", "base/model.safetensors", "other/model.safetensors", "adapter/adapter_model.safetensors", "adapter/notes.txt"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, file))!);
            File.WriteAllText(Path.Combine(_folder, file), "x");
        }
    }

    [Fact]
    public void Items_of_one_kind_only_are_an_error_and_none_at_all_are_not()
    {
        Assert.True(Run([], []));
        AssertFails("LORA1003", [], [Item("adapter")]);
        AssertFails("LORA1004", [Item("base")], []);
        AssertFails("LORA1004", [Item("base"), Item("other")], [Item("adapter", ("BaseModel", "base"))]);
    }

    [Fact]
    public void Paths_that_lead_nowhere_are_named()
    {
        AssertFails("LORA1001", [Item("nowhere")], [Item("adapter")]);
        AssertFails("LORA1002", [Item("base")], [Item("nowhere")]);
        AssertFails("LORA1007", [Item("base")], [Item("adapter/notes.txt")]);
        AssertFails("LORA1017", [new TaskItem("hf://org/model")], [Item("adapter")]);
    }

    [Fact]
    public void What_is_listed_twice_is_named()
    {
        AssertFails("LORA1031", [Item("base"), Item("base/")], [Item("adapter")]);
        AssertFails("LORA1031", [Item("base")], [Item("adapter"), Item("other/../adapter")]);
    }

    [Fact]
    public void An_adapter_must_belong_to_exactly_one_base()
    {
        AssertFails("LORA1005", [Item("base")], [Item("adapter", ("BaseModel", "bass"))]);
        AssertFails("LORA1006", [Item("base"), Item("other")], [Item("adapter")]);
    }

    [Fact]
    public void Two_results_may_share_neither_name_nor_place()
    {
        AssertFails("LORA1009", [Item("base", ("MergedModelName", "chat")), Item("other", ("MergedModelName", "Chat"))],
            [Item("adapter", ("BaseModel", "base")), Item("adapter", ("BaseModel", "other"))]);
        AssertFails("LORA1010", [Item("base", ("TargetPath", "models/x")), Item("other", ("TargetPath", @"models\x\"))],
            [Item("adapter", ("BaseModel", "base")), Item("adapter", ("BaseModel", "other"))]);
        AssertFails("LORA1010", [Item("base", ("TargetPath", "models/x"))],
            [Item("adapter", ("MergedModelName", "a")), Item("adapter", ("MergedModelName", "b"))]);
    }

    [Theory]
    [InlineData("TargetPath", "../up", "LORA1011")]
    [InlineData("TargetPath", "/root", "LORA1011")]
    [InlineData("TargetPath", @"C:\x", "LORA1011")]
    [InlineData("TargetPath", "a/../../up", "LORA1011")]
    [InlineData("TargetPath", "./", "LORA1011")]
    [InlineData("TargetPath", "a/..", "LORA1011")]
    [InlineData("TargetPath", "a/nul/b", "LORA1011")]
    [InlineData("MergedModelName", "a/b", "LORA1008")]
    [InlineData("MergedModelName", "nul", "LORA1008")]
    [InlineData("MergedModelName", "..", "LORA1008")]
    [InlineData("DType", "int8", "LORA1013")]
    [InlineData("MaxShardSize", "5 parsecs", "LORA1015")]
    [InlineData("Format", "gguf", "LORA1016")]
    [InlineData("Combine", "stack", "LORA1013")]
    [InlineData("Density", "1.5", "LORA1028")]
    [InlineData("Density", "0,5", "LORA1028")]
    [InlineData("MajoritySign", "most", "LORA1013")]
    [InlineData("SvdRank", "08", "LORA1014")]
    [InlineData("Sha256", "ab", "LORA1016")]
    public void A_base_with_a_wrong_value_is_refused(string name, string value, string code)
    {
        AssertFails(code, [Item("base", (name, value))], [Item("adapter")]);
    }

    [Theory]
    [InlineData("./m", "m")]
    [InlineData(@"models//x\", "models/x")]
    [InlineData("a/./b", "a/b")]
    [InlineData("a/../b", "b")]
    public void A_place_below_the_output_folder_may_be_written_in_any_way(string written, string meant)
    {
        AssertFails("LORA1010", [Item("base", ("TargetPath", written)), Item("other", ("TargetPath", meant))],
            [Item("adapter", ("BaseModel", "base")), Item("adapter", ("BaseModel", "other"))]);

        Assert.Contains($"would both be written to '{meant}'", Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "adapter", "LORA1029")]
    [InlineData("", "base/sub", "LORA1029")]
    [InlineData("adapter/bin", "m", "LORA1021")] // the next thing that is missing here
    public void An_output_may_lie_below_an_adapter_but_not_in_its_place_nor_below_a_base(string outputFolder, string targetPath, string code)
    {
        AssertFails(code, [Item("base", ("TargetPath", targetPath))], [Item("adapter")], task =>
        {
            task.OutputFolder = Path.Combine(_folder, outputFolder);
            task.RuntimeFolder = "";
        });
    }

    [Theory]
    [InlineData("Weight", "0,5", "LORA1012")]
    [InlineData("Weight", "NaN", "LORA1012")]
    [InlineData("Weight", "1e999", "LORA1012")]
    [InlineData("ExpertLayout", "vllm", "LORA1013")]
    [InlineData("Sha256", "ab", "LORA1016")]
    [InlineData("MergedModelName", "a?", "LORA1008")]
    public void An_adapter_with_a_wrong_value_is_refused(string name, string value, string code)
    {
        AssertFails(code, [Item("base")], [Item("adapter", (name, value))]);
    }

    [Theory]
    [InlineData("Enabled", "flase", "LORA1013")]
    [InlineData("Publish", "fasle", "LORA1013")]
    [InlineData("UseHardLinks", "0", "LORA1013")]
    [InlineData("Device", "gpu", "LORA1013")]
    [InlineData("Verify", "all", "LORA1013")]
    [InlineData("OnUnmatched", "ignore", "LORA1013")]
    [InlineData("Threads", "0", "LORA1014")]
    [InlineData("Threads", "two", "LORA1014")]
    [InlineData("MaxMemory", "lots", "LORA1015")]
    [InlineData("HostRuntime", "linux-musl-x64", "LORA1020")]
    [InlineData("RuntimeFolder", "", "LORA1021")]
    [InlineData("WorkerPath", "/nowhere/lora-merge.dll", "LORA1026")]
    public void A_wrong_property_is_refused(string name, string value, string code)
    {
        AssertFails(code, [Item("base")], [Item("adapter")], task => typeof(MergeLoraAdapters).GetProperty(name)!.SetValue(task, value));
    }

    [Theory]
    [InlineData("Wieght", "LORA1018")]
    [InlineData("DType", "LORA1019")]
    public void Metadata_that_means_nothing_is_warned_of(string name, string code)
    {
        Run([Item("base")], [Item("adapter", (name, "x"))], task => task.NoBuild = true);

        Assert.Equal(code, Assert.Single(_engine.Warnings).Code);
    }

    [Fact]
    public void Metadata_of_others_is_none_of_our_business()
    {
        Run([Item("base")], [Item("adapter", ("Link", "x"), ("CopyToOutputDirectory", "Never"), ("Visible", "false"), ("Pack", "true"))], task => task.NoBuild = true);

        Assert.Empty(_engine.Warnings);
    }

    [Theory]
    [InlineData("models/base/config.json", "PreserveNewest", "", "true", true)]
    [InlineData(@"models\base\config.json", "Always", "Never", "true", true)]
    [InlineData("models/base/config.json", "", "IfDifferent", "true", true)]
    [InlineData("models/base/config.json", "Never", "PreserveNewest", "false", false)]
    [InlineData("models/base/config.json", "Never", "Never", "true", false)]
    [InlineData("models/base/config.json", "", "", "true", false)]
    [InlineData("models/base/notes.txt", "PreserveNewest", "", "true", false)]
    [InlineData("models/other/config.json", "PreserveNewest", "", "true", false)]
    public void Content_may_not_go_where_a_model_goes(string targetPath, string toOutput, string toPublish, string isPublished, bool isRefused)
    {
        var content = new TaskItem("some.json", new Dictionary<string, string> { ["TargetPath"] = targetPath, ["CopyToOutputDirectory"] = toOutput, ["CopyToPublishDirectory"] = toPublish });

        AssertFails(isRefused ? "LORA1032" : "LORA6001", [Item("base")], [Item("adapter")], task =>
        {
            task.OtherContent = [content];
            task.Publish = isPublished;
            task.NoBuild = true;
        });
    }

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        Assert.False(Run([Item("base", ("DType", "int8"), ("Format", "gguf"))], [Item("adapter", ("Weight", "heavy")), Item("nowhere")]));

        Assert.Equal(["LORA1002", "LORA1012", "LORA1013", "LORA1016"], _engine.Errors.Select(error => error.Code).Order());
    }

    [Fact]
    public void The_dotnet_that_merges_is_looked_for_where_the_build_says_and_not_in_the_environment_of_the_process()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string[] hosts = [.. ((string[])["host", "sdk", "path"]).Select(folder => Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName, name))];
        foreach (string host in hosts)
            File.WriteAllText(host, "");
        string sdk = Path.GetDirectoryName(hosts[1])!, search = string.Join(Path.PathSeparator, _folder, Path.GetDirectoryName(hosts[2]));

        Assert.Equal(hosts[0], DotnetHost.Find(hosts[0], sdk, search));
        Assert.Equal(hosts[1], DotnetHost.Find(Path.Combine(_folder, name), sdk, search));
        Assert.Equal(hosts[2], DotnetHost.Find(null, "", search));
        Assert.Null(DotnetHost.Find(null, null, null));
    }

    [Fact]
    public void Every_error_leads_to_its_heading()
    {
        AssertFails("LORA1003", [], [Item("adapter")]);

        Assert.EndsWith("#lora1003", Assert.Single(_engine.Errors).HelpLink, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private TaskItem Item(string path, params (string Name, string Value)[] metadata)
    {
        return new TaskItem(Path.Combine(_folder, path), metadata.ToDictionary(pair => pair.Name, pair => pair.Value));
    }

    private void AssertFails(string code, ITaskItem[] bases, ITaskItem[] adapters, Action<MergeLoraAdapters>? change = null)
    {
        _engine.Errors.Clear();

        Assert.False(Run(bases, adapters, change));

        Assert.Equal(code, Assert.Single(_engine.Errors).Code);
    }

    private bool Run(ITaskItem[] bases, ITaskItem[] adapters, Action<MergeLoraAdapters>? change = null)
    {
        using var task = new MergeLoraAdapters
        {
            BuildEngine = _engine,
            BaseModels = bases,
            Adapters = adapters,
            ProjectFile = Path.Combine(_folder, "App.csproj"),
            StatePrefix = Path.Combine(_folder, "obj", "App.csproj.lora."),
            Store = Path.Combine(_folder, "obj", "lora"),
            WorkerPath = typeof(ItemCheckTests).Assembly.Location,
            HostRuntime = "linux-x64",
            RuntimeFolder = _folder,
        };
        change?.Invoke(task);
        return task.Execute();
    }
}
