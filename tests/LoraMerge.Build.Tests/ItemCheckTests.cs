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
        foreach (
            string file in (string[])
                ["base/config.json", "base/model.safetensors", "other/model.safetensors", "adapter/adapter_model.safetensors", "adapter/notes.txt"]
        )
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
        Assert.Contains("'" + Path.Combine(_folder, "other") + "'", Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_that_lead_nowhere_are_named()
    {
        AssertFails("LORA1001", [Item("nowhere")], [Item("adapter")]);
        AssertFails("LORA1002", [Item("base")], [Item("nowhere")]);
        AssertFails("LORA1007", [Item("base")], [Item("adapter/notes.txt")]);
        AssertFails("LORA1072", [new TaskItem("hf://org/model")], [Item("adapter")]);
    }

    [Fact]
    public void What_is_listed_twice_is_named()
    {
        AssertFails("LORA1031", [Item("base"), Item("base/")], [Item("adapter")]);
        Assert.DoesNotContain("Weight", Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
        AssertFails("LORA1031", [Item("base")], [Item("adapter"), Item("other/../adapter")]);
        Assert.Contains("set its Weight to 2", Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_must_belong_to_exactly_one_base()
    {
        AssertFails("LORA1005", [Item("base")], [Item("adapter", ("BaseModel", "bass"))]);
        Assert.EndsWith($"The only one is '{Path.Combine(_folder, "base")}'.", Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
        AssertFails("LORA1005", [Item("base"), Item("other")], [Item("adapter", ("BaseModel", "base")), Item("adapter", ("BaseModel", "bass"))]);
        Assert.EndsWith(
            $"There are '{Path.Combine(_folder, "base")}' and '{Path.Combine(_folder, "other")}'.",
            Assert.Single(_engine.Errors).Message,
            StringComparison.Ordinal
        );
        AssertFails("LORA1006", [Item("base"), Item("other")], [Item("adapter")]);
    }

    [Fact]
    public void Two_results_may_share_neither_name_nor_place()
    {
        AssertFails("LORA1009", [Item("base", ("MergedModelName", "chat")), Item("other", ("MergedModelName", "Chat"))],
            [Item("adapter", ("BaseModel", "base")), Item("adapter", ("BaseModel", "other"))]);
        AssertFails("LORA1009", [Item("base")], [Item("adapter", ("MergedModelName", "chat")), Item("adapter", ("MergedModelName", "Chat"))]);
        Assert.StartsWith("Two merged models are named 'chat' and 'Chat', ", Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
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
    [InlineData("Format", "onnx", "LORA1013")]
    [InlineData("Quantization", "Q9_X", "LORA1013")]
    [InlineData("Quantization", "Q8_0", "LORA1060")]
    [InlineData("Combine", "stack", "LORA1013")]
    [InlineData("Density", "1.5", "LORA1028")]
    [InlineData("Density", "0,5", "LORA1028")]
    [InlineData("MajoritySign", "most", "LORA1013")]
    [InlineData("SvdRank", "08", "LORA1014")]
    [InlineData("Sha256", "ab", "LORA1070")]
    public void A_base_with_a_wrong_value_is_refused(string name, string value, string code)
    {
        AssertFails(code, [Item("base", (name, value))], [Item("adapter")]);
    }

    [Fact]
    public void A_gguf_file_has_no_dtype()
    {
        AssertFails("LORA1060", [Item("base", ("Format", "gguf"), ("DType", "float16"))], [Item("adapter")]);
    }

    [Theory]
    [InlineData("DType", "float16", "its factors are float32")]
    [InlineData("MaxShardSize", "1GB", "it is one file")]
    public void An_adapter_alone_has_neither_dtype_nor_size_of_files(string name, string value, string reason)
    {
        AssertFails("LORA1060", [Item("base", ("Format", "gguf-adapter"), (name, value))], [Item("adapter")]);

        Assert.Contains(reason, _engine.Errors.Single().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Format", "gguf", "Requantize='keep'")]
    [InlineData("Format", "gguf-adapter", "Requantize='keep'")]
    [InlineData("DType", "float16", "DType='float16'")]
    [InlineData("MaxShardSize", "1GB", "MaxShardSize='1GB'")]
    public void What_keeps_the_form_of_its_base_cannot_have_another(string name, string value, string refused)
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), $"""
            <Project>
              <ItemGroup>
                <LoraBaseModel Include="{_folder}/base">
                  <Requantize>keep</Requantize>
                  <{name}>{value}</{name}>
                </LoraBaseModel>
              </ItemGroup>
            </Project>
            """);

        AssertFails("LORA1060", [Item("base", ("Requantize", "keep"), (name, value))], [Item("adapter")]);

        BuildErrorEventArgs error = _engine.Errors.Single();
        Assert.StartsWith(refused, error.Message, StringComparison.Ordinal);
        Assert.Equal(name == "Format" ? 4 : 5, error.LineNumber);
    }

    [Fact]
    public void A_GPU_is_asked_for_as_cuda()
    {
        AssertFails("LORA1013", [Item("base")], [Item("adapter")], task => task.Device = "GPU");

        Assert.Contains("Was 'cuda' meant?", _engine.Errors.Single().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("safetensors")]
    [InlineData("gguf-adapter")]
    public void A_Modelfile_that_no_model_gets_is_refused(string format) =>
        AssertFails("LORA1060", [Item("base", ("Format", format))], [Item("adapter")], task => task.Modelfile = "true");

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

    [Fact]
    public void An_output_that_is_the_base_over_a_link_in_the_target_of_a_link_is_refused()
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "disk"), _folder);
        Directory.CreateSymbolicLink(Path.Combine(_folder, "out"), Path.Combine("disk", "base"));

        AssertFails("LORA1029", [Item("base", ("TargetPath", "out"))], [Item("adapter")], task => task.OutputFolder = _folder);
    }

    [Theory]
    [InlineData("base/LICENSE")]
    [InlineData("base/1_Pooling/config.json")]
    [InlineData("adapter/tokenizer.json")]
    [InlineData("adapter/adapter_config.json")]
    public void A_link_that_leads_out_of_a_model_s_folder_is_refused(string link)
    {
        string path = Path.Combine(_folder, link);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(Path.Combine(_folder, "secret"), "of the user");
        File.CreateSymbolicLink(path, Path.Combine(_folder, "secret"));

        AssertFails("LORA1050", [Item("base")], [Item("adapter")]);

        Assert.Contains(path, Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Weight", "0,5", "LORA1012")]
    [InlineData("Weight", "NaN", "LORA1012")]
    [InlineData("Weight", "1e999", "LORA1012")]
    [InlineData("ExpertLayout", "vllm", "LORA1013")]
    [InlineData("Sha256", "ab", "LORA1070")]
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
    [InlineData("Wieght", "LORA1018", "Was 'Weight' meant?")]
    [InlineData("Scale", "LORA1018", "Was 'Weight' meant?")]
    [InlineData("Strength", "LORA1018", "Was 'Weight' meant?")]
    [InlineData("Precision", "LORA1018", "Was 'DType' of the LoraBaseModel meant?")]
    [InlineData("OutputPath", "LORA1018", "Was 'TargetPath' of the LoraBaseModel meant?")]
    [InlineData("DType", "LORA1019", "belongs on a LoraBaseModel")]
    [InlineData("Alpha", "LORA1035", "A LoraAdapter has BaseModel, MergedModelName,")]
    public void Metadata_that_means_nothing_on_an_adapter_is_warned_of(string name, string code, string words)
    {
        Run([Item("base")], [Item("adapter", (name, "x"))], task => task.NoBuild = true);

        BuildWarningEventArgs warning = Assert.Single(_engine.Warnings);
        Assert.Equal(code, warning.Code);
        Assert.Contains(words, warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MaxShardSise", "LORA1018", "Was 'MaxShardSize' meant?")]
    [InlineData("Precision", "LORA1018", "Was 'DType' meant?")]
    [InlineData("Strength", "LORA1018", "Was 'Weight' of the LoraAdapter meant?")]
    [InlineData("Weight", "LORA1019", "belongs on a LoraAdapter")]
    [InlineData("Tokenizer", "LORA1035", "A LoraBaseModel has MergedModelName, TargetPath,")]
    public void Metadata_that_means_nothing_on_a_base_is_warned_of(string name, string code, string words)
    {
        Run([Item("base", (name, "x"))], [Item("adapter")], task => task.NoBuild = true);

        BuildWarningEventArgs warning = Assert.Single(_engine.Warnings);
        Assert.Equal(code, warning.Code);
        Assert.Contains(words, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_that_the_SDK_put_on_another_item_are_passed_over_and_the_same_ones_written_here_are_not()
    {
        (string, string)[] metadata =
        [
            ("Link", "x"),
            ("CopyToOutputDirectory", "Never"),
            ("NuGetPackageId", "Some.Model"),
            ("Visible", "false"),
            ("TargetPath", "x"),
        ];
        Run([Item("base")], [Item("adapter", metadata)], task => task.NoBuild = true);
        Assert.Empty(_engine.Warnings);
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), """
            <Project>
              <ItemGroup>
                <LoraAdapter Include="@(None)" Link="x"><CopyToOutputDirectory>Never</CopyToOutputDirectory></LoraAdapter>
                <None Include="adapter" NuGetPackageId="y" />
              </ItemGroup>
            </Project>
            """);

        Run([Item("base")], [Item("adapter", metadata)], task => task.NoBuild = true);

        Assert.Equal(
            [("LORA1035", 3, 46), ("LORA1018", 3, 36)],
            _engine.Warnings.Select(warning => (warning.Code, warning.LineNumber, warning.ColumnNumber)));
    }

    [Fact]
    public void What_items_have_for_purposes_of_their_own_is_passed_over_where_they_become_adapters()
    {
        (string, string)[] metadata = [("Strong", "0.5"), ("Weight", "0.5"), ("Wieght", "1")];
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), """
            <Project>
              <ItemGroup>
                <Voice Include="adapter" Strong="0.5" Wieght="1" />
                <LoraAdapter Include="@(Voice->'%(Identity)')" Weight="%(Strong)" />
              </ItemGroup>
            </Project>
            """);

        Run([Item("base")], [Item("adapter", metadata)], task => task.NoBuild = true);

        // What is called almost like metadata of the item was meant for it.
        Assert.Equal([("LORA1018", 4)], _engine.Warnings.Select(warning => (warning.Code, warning.LineNumber)));
    }

    [Theory]
    [InlineData("""<LoraAdapter Include="@(Voice->'%(Identity)')" Weight="%(Voice.Strong)" />""", true)]
    [InlineData("""<LoraAdapter Include="$(Here)adapter"><Weight>% (Voice.Strong)</Weight></LoraAdapter>""", false)]
    [InlineData("""<LoraAdapter Include="$(Here)adapter"><Weight>%( Voice.Strong )</Weight></LoraAdapter>""", true)]
    [InlineData("""<LoraAdapter Include="$(Here)adapter" Weight="$(Strong)" />""", false)]
    [InlineData("""</ItemGroup><Target Name="T"><ItemGroup><LoraAdapter Include="@(V)" Weight="%(V.S)" /></ItemGroup></Target><ItemGroup>""", false)]
    public void Metadata_of_another_item_that_MSBuild_leaves_empty_are_refused(string item, bool isRefused)
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), $"<Project><ItemGroup>{item}</ItemGroup></Project>");

        Run([Item("base")], [Item("adapter", ("Weight", ""))], task => task.NoBuild = true);

        Assert.Equal(isRefused, _engine.Errors.Any(error => error.Code == "LORA1090" && error.LineNumber == 1));
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
        var content = new TaskItem(
            "some.json",
            new Dictionary<string, string>
            {
                ["TargetPath"] = targetPath,
                ["CopyToOutputDirectory"] = toOutput,
                ["CopyToPublishDirectory"] = toPublish,
            }
        );

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
        Assert.False(Run(
            [Item("base", ("DType", "int8"), ("Sha256", "ab")), Item("base", ("SvdRank", "0"))],
            [Item("adapter", ("Weight", "heavy")), Item("nowhere", ("ExpertLayout", "vllm"), ("Wieght", "1")), Item("adapter", ("BaseModel", "bass"))]));

        Assert.Equal(
            ["LORA1002", "LORA1005", "LORA1012", "LORA1013", "LORA1013", "LORA1014", "LORA1031", "LORA1070"],
            _engine.Errors.Select(error => error.Code).Order()
        );
        Assert.Equal("LORA1018", Assert.Single(_engine.Warnings).Code);
    }

    [Fact]
    public void A_fault_of_a_base_with_two_results_is_said_once()
    {
        AssertFails("LORA1013", [Item("base", ("DType", "int8"))], [Item("adapter", ("MergedModelName", "a")), Item("adapter", ("MergedModelName", "b"))]);
    }

    [Fact]
    public void Faults_of_adapters_are_told_where_the_base_is_missing_from_the_items()
    {
        Run([], [Item("adapter", ("Weight", "heavy"))]);

        Assert.Equal(["LORA1003", "LORA1012"], _engine.Errors.Select(error => error.Code).Order());
    }

    [Theory]
    [InlineData("bsae", "LORA1001", "Did you mean '{0}base'?")]
    [InlineData("Adapter/x", "LORA1001", null)]
    [InlineData("model", "LORA1001", "In '{1}' there are 'adapter', 'base' and 'other'.")]
    public void A_path_that_leads_nowhere_is_held_against_what_is_there(string path, string code, string? hint)
    {
        AssertFails(code, [Item(path)], [Item("adapter")]);

        string expected = hint is null
            ? "does not exist. Correct"
            : "does not exist. " + string.Format(null, hint, _folder + Path.DirectorySeparatorChar, _folder);
        Assert.Contains(expected, Assert.Single(_engine.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://huggingface.co/acme/tiny/tree/v1", "'hf://acme/tiny@v1'")]
    [InlineData("meta-llama/Llama-3.1-8B", "'hf://meta-llama/Llama-3.1-8B'")]
    [InlineData("~/models/tiny", "Only shells know '~'")]
    public void What_a_project_says_of_a_model_elsewhere_is_read_as_it_is_written(string written, string hint)
    {
        Assert.False(Run([new TaskItem(written)], [new TaskItem(written)]));

        Assert.Equal(["LORA1001", "LORA1002"], _engine.Errors.Select(error => error.Code).Order());
        Assert.All(_engine.Errors, error => Assert.Contains(hint, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void An_item_of_a_wildcard_a_property_or_another_item_is_found_where_it_is_written()
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), $"""
            <Project>
              <ItemGroup>
                <LoraBaseModel Include="{_folder}/base" />
                <LoraAdapter Include="{_folder}/adapter/*.txt" />
                <LoraAdapter Include="$(Somewhere)/parrot" />
                <LoraAdapter Include="{_folder}/away" MergedModelName="one" />
                <LoraAdapter Include="{_folder}/away" MergedModelName="two" />
              </ItemGroup>
            </Project>
            """);

        Run([Item("base")], [Item("adapter/notes.txt"), Item("birds/parrot"), Item("away", ("MergedModelName", "two"))]);

        Assert.Equal([("LORA1007", 4), ("LORA1002", 5), ("LORA1002", 7)], _engine.Errors.Select(error => (error.Code, error.LineNumber)));
    }

    [Fact]
    public void An_item_that_is_listed_twice_is_pointed_at_where_it_stands_again()
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), $"""
            <Project>
              <ItemGroup>
                <LoraAdapter Include="{_folder}/adapter" />
                <LoraAdapter Include="{_folder}/adapter" />
              </ItemGroup>
            </Project>
            """);

        AssertFails("LORA1031", [Item("base")], [Item("adapter"), Item("adapter")]);

        Assert.Equal(4, Assert.Single(_engine.Errors).LineNumber);
    }

    [Theory]
    [InlineData("base/model.safetensors", "base")]
    [InlineData("adapter/adapter_model.safetensors", "adapter")]
    public void A_link_that_leads_nowhere_is_told_at_the_item_that_it_belongs_to(string file, string item)
    {
        string path = Path.Combine(_folder, file);
        File.Delete(path);
        File.CreateSymbolicLink(path, Path.Combine(_folder, "gone"));
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), $"""
            <Project>
              <ItemGroup>
                <LoraBaseModel Include="{_folder}/base" />
                <LoraAdapter Include="{_folder}/adapter" />
              </ItemGroup>
            </Project>
            """);

        AssertFails("LORA1027", [Item("base")], [Item("adapter")]);

        BuildErrorEventArgs error = Assert.Single(_engine.Errors);
        Assert.StartsWith($"'{Path.Combine(_folder, item)}' cannot be read: Could not find", error.Message, StringComparison.Ordinal);
        Assert.Equal(item == "base" ? 3 : 4, error.LineNumber);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_found_among_all_inputs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A file that exists and cannot be read, whoever asks: the memory of this process from its first byte on.");
        ITaskItem model = Item("base"), adapter = Item("adapter");
        string weights = Path.Combine(_folder, "adapter", "adapter_model.safetensors");
        ModelRequest request = new(model, Path.Combine(_folder, "base"), [adapter], [weights], "models/base", new());
        (ITaskItem, string)? before = UnreadableInput.Find(request);
        File.Delete(weights);
        File.CreateSymbolicLink(weights, "/proc/self/mem");

        Assert.Null(before);
        Assert.Equal((adapter, weights), UnreadableInput.Find(request));
    }

    [Fact]
    public void The_dotnet_that_merges_is_looked_for_where_the_build_says_and_not_in_the_environment_of_the_process()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string[] hosts =
        [
            .. ((string[])["host", "sdk", "path"]).Select(folder => Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName, name)),
        ];
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

        Uri link = new(Assert.Single(_engine.Errors).HelpLink);
        Assert.Equal(("#lora1003", true), (link.Fragment, link.IsFile));
        Assert.Contains("\n## LORA1003\n", File.ReadAllText(link.LocalPath), StringComparison.Ordinal);
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
        _engine.Warnings.Clear();
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
