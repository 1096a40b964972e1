using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.ModelFiles;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LoraMerge.Build.Tests;

/// <summary>What the task takes the word of the state file for, where the system tells of a change in no way at all.</summary>
public sealed class ModelLookupTests : IDisposable
{
    private const string Adapter = "adapter/adapter_model.safetensors";
    private const string Base = "base/model.safetensors";

    private readonly string _folder = Directory.CreateTempSubdirectory("lora ü ").FullName;

    [Theory]
    [InlineData(Adapter)]
    [InlineData("adapter/adapter_config.json")]
    [InlineData("base/config.json")]
    [InlineData(Base)]
    public void Small_files_are_read_in_each_build(string file)
    {
        WriteInputs(adapterLength: 100, baseLength: 100);
        SaveAsIfOf(file);

        ModelLookup check = Check();

        Assert.Null(check.Find(null, CancellationToken.None));
        Assert.Contains(file, check.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Adapter, AlwaysRead.MostBytes + 1, 100)]
    [InlineData(Base, AlwaysRead.MostBytes - 100, 200)] // the adapter's come first, and together they are too large
    public void Beyond_that_size_and_times_tell(string file, long adapterLength, long baseLength)
    {
        WriteInputs(adapterLength, baseLength);
        SaveAsIfOf(file);

        Assert.NotNull(Check().Find(null, CancellationToken.None));
    }

    [Fact]
    public void Where_the_store_has_no_model_nothing_is_read_and_small_files_are_left_to_the_merge()
    {
        WriteInputs(adapterLength: 100, baseLength: AlwaysRead.MostBytes);
        SaveAsIfOf(Adapter);
        Directory.Delete(Path.Combine(_folder, "store"), recursive: true);
        ModelLookup check = Check();

        Assert.Null(check.Find(null, CancellationToken.None));
        check.SaveKnown();

        Assert.Contains("no longer holds it", check.Reason, StringComparison.Ordinal);
        Assert.Equal(["model.safetensors"], StateFile.TryLoad(StatePath)!.Inputs.Select(input => input.RelativePath));
    }

    [Fact]
    public async System.Threading.Tasks.Task A_pipe_among_the_inputs_is_not_opened_to_find_who_is_to_blame()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no mkfifo there.");
        WriteInputs(adapterLength: 100, baseLength: 100);
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_folder, "base", "LICENSE")]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);

        (ITaskItem, string)? blamed = await System.Threading.Tasks.Task.Run(() => UnreadableInput.Find(Request))
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Null(blamed);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string StatePath => Path.Combine(_folder, "x.state");

    private ModelRequest Request => new(
        new TaskItem("base"), Path.Combine(_folder, "base"), [new TaskItem("adapter")], [Path.Combine(_folder, "adapter")], "models/base",
        new ModelOptions { Name = "base", BaseName = "base", Adapters = [new AdapterOptions("adapter")] });

    private ModelLookup Check() =>
        new(Request, new ModelStore(Path.Combine(_folder, "store"), BelongsToProject: false), StatePath, placement: null, readsAll: false);

    private void WriteInputs(long adapterLength, long baseLength)
    {
        (string, long)[] files = [(Adapter, adapterLength), ("adapter/adapter_config.json", 2), (Base, baseLength), ("base/config.json", 3)];
        foreach ((string file, long length) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, file))!);
            using FileStream stream = File.Create(Path.Combine(_folder, file));
            stream.SetLength(length);
        }
    }

    /// <summary>
    /// Leaves a model and a state of an earlier build, whose inputs had the sizes and all the times that they have now; but one of them held something else.
    /// </summary>
    private void SaveAsIfOf(string changed)
    {
        InputRoot[] roots = [InputFiles.OfBase(Request.BasePath), InputFiles.OfAdapter(Request.AdapterPaths[0], 1)];
        HashedInput[] inputs =
        [
            .. roots.SelectMany(root => root.Files, (root, file) => new HashedInput(root, file,
                file.FullPath == Path.Combine(_folder, changed) ? new string('0', 32) : ContentHash.OfFile(file.FullPath, CancellationToken.None))),
        ];
        string key = ModelKey.Compute(ToolVersion.Current, Request.Options, inputs);
        var place = EntryPlace.For(Path.Combine(_folder, "store"), "base", key);
        Directory.CreateDirectory(place.Folder);
        new StoreEntry(key, DateTime.UtcNow.Ticks, []).Save(place);
        StateFile.Create(StatePath, DateTime.UtcNow.AddHours(1).Ticks, key, place.Name, inputs).Save();
    }
}
