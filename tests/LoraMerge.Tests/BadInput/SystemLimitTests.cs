using System.Globalization;
using System.Runtime.Versioning;

namespace LoraMerge.Tests.BadInput;

/// <summary>What only the system can say no to, tried on the built program: a read-only place, a small disk, files that may not be read.</summary>
[UnsupportedOSPlatform("windows")] // each test is skipped where the programs that it needs are missing
public sealed class SystemLimitTests
{
    private const string NoMounts = "This system lets no process mount file systems of its own (unshare -m).";
    private const string NoOtherUser = "This system cannot run a program as another user (setpriv).";

    [Fact]
    public async Task A_read_only_place_is_refused_and_the_earlier_result_stays()
    {
        await ChildProcess.SkipUnless(NoMounts, "unshare", "-m", "true");
        using var bench = new Workbench();
        bench.Output = "disk/merged";
        await bench.MergeAsync();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        ChildProcess run = await InOwnMounts(
            bench,
            $"mount --bind '{bench.Folder}/disk' '{bench.Folder}/disk' && mount -o remount,ro,bind '{bench.Folder}/disk'"
        );

        AssertRefused(run, "LORA1141", bench.OutputPath, $"beside it, in '{Path.GetDirectoryName(bench.OutputPath)}'", "Read-only file system");
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_refused_before_anything_is_written()
    {
        await ChildProcess.SkipUnless(NoMounts, "unshare", "-m", "true");
        using var bench = new Workbench(TinyCheckpoint.Llama().Filled("model.large.weight", Safetensors.DType.F32, 128, 1024), TinyAdapter.ForLlama());
        Directory.CreateDirectory(Path.Combine(bench.Folder, "disk"));
        bench.Output = "disk/merged";

        ChildProcess run = await InOwnMounts(bench, $"mount -t tmpfs -o size=64k tmpfs '{bench.Folder}/disk'", after: $"ls -A '{bench.Folder}/disk' >&2");

        AssertRefused(run, "LORA1108", "0.52 MB", "0.06 MB", "Nothing was written");
        bench.Passed();
    }

    [Fact]
    public async Task A_disk_that_becomes_full_is_refused_and_nothing_stays()
    {
        await ChildProcess.SkipUnless(NoMounts, "unshare", "-m", "true");
        // Thousands of small files take whole blocks: more than their bytes, which is all that is known before.
        TinyCheckpoint model = TinyCheckpoint.Llama();
        for (int i = 0; i < 200; i++)
            model.File($"1_Pooling/{i}.json", "x");
        using var bench = new Workbench(model, TinyAdapter.ForLlama());
        Directory.CreateDirectory(Path.Combine(bench.Folder, "disk"));
        bench.Output = "disk/merged";

        ChildProcess run = await InOwnMounts(bench, $"mount -t tmpfs -o size=256k tmpfs '{bench.Folder}/disk'", after: $"ls -A '{bench.Folder}/disk' >&2");

        AssertRefused(run, "LORA1109", "1_Pooling/", "No space left on device");
        bench.Passed();
    }

    [Theory]
    [InlineData("mount -t tmpfs tmpfs '{0}'")]
    [InlineData("mount --bind '{0}' '{0}'")]
    public async Task An_output_where_a_file_system_is_mounted_is_refused_at_once(string mount)
    {
        await ChildProcess.SkipUnless(NoMounts, "unshare", "-m", "true");
        using var bench = new Workbench();
        Directory.CreateDirectory(bench.OutputPath);

        string mounted = string.Format(CultureInfo.InvariantCulture, mount, bench.OutputPath);
        ChildProcess run = await InOwnMounts(bench, mounted, after: $"ls -A '{bench.OutputPath}' >&2");

        AssertRefused(run, "LORA1140", bench.OutputPath, "is mounted", $"'{bench.OutputPath}/model'");
        Assert.Equal("", run.Output);
        bench.Passed();
    }

    [Fact]
    public async Task An_output_that_comes_with_the_image_of_a_container_is_refused_at_once_and_stays()
    {
        using var bench = new Workbench();
        bench.Output = "disk/merged";
        await bench.MergeAsync();
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        ChildProcess run = await InContainer(bench, ChildProcess.MergeOf(bench), after: $"test -e '{bench.OutputPath}/lora-merge.json' || echo gone >&2");

        AssertRefused(run, "LORA1140", bench.OutputPath, "image of this container");
        Assert.Equal("", run.Output);
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task An_empty_output_that_comes_with_the_image_of_a_container_is_filled()
    {
        using var bench = new Workbench();
        bench.Output = "disk/merged";
        Directory.CreateDirectory(bench.OutputPath);

        ChildProcess run = await InContainer(bench, ChildProcess.MergeOf(bench), after: $"ls -A '{bench.Folder}/disk' '{bench.OutputPath}'");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.EndsWith(
            $"disk:\nmerged\n\n{bench.OutputPath}:\nconfig.json\ngeneration_config.json\nlora-merge.json\nmodel.safetensors\ntokenizer.json\n",
            run.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task A_store_that_comes_with_the_image_of_a_container_is_merged_into_again()
    {
        using var bench = new Workbench();
        string store = Path.Combine(bench.Folder, "disk", "store");
        string[] merge = ChildProcess.MergeInto(store, bench);
        ChildProcess first = await ChildProcess.Run(merge);
        string[] entries = [.. Directory.EnumerateFileSystemEntries(store).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

        string[] anew = [.. merge, "--newer-than", long.MaxValue.ToString(CultureInfo.InvariantCulture)];
        ChildProcess again = await InContainer(bench, anew, after: $"ls -A '{store}'");

        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.EndsWith($"\n{string.Join("\n", entries)}\n", again.Output, StringComparison.Ordinal);
        bench.Passed();
    }

    [Fact]
    public async Task Inputs_whose_times_no_calendar_has_are_merged()
    {
        await ChildProcess.SkipUnless(NoMounts, "unshare", "-m", "true");
        using var bench = new Workbench();
        string times = $"cp -r '{bench.Base}' '{bench.Folder}/saved' && mount -t tmpfs tmpfs '{bench.Base}'"
            + $" && cp '{bench.Folder}'/saved/* '{bench.Base}' && touch -d @999999999999 '{bench.Base}'/*";

        ChildProcess run = await InOwnMounts(bench, times);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.True(File.Exists(Path.Combine(bench.OutputPath, "lora-merge.json")));
        bench.Passed();
    }

    [Fact]
    public async Task A_store_that_may_not_be_listed_is_refused()
    {
        await SkipUnlessOtherUser();
        using var bench = new Workbench();
        string store = Directory.CreateDirectory(Path.Combine(bench.Folder, "store")).FullName;
        OpenToAll(bench);
        File.SetUnixFileMode(store, UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);

        ChildProcess run = await ChildProcess.Run([.. Nobody, .. ChildProcess.MergeInto(store, bench)]);

        AssertRefused(run, "LORA1110", store, "denied");
        bench.Passed();
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    public async Task A_file_of_the_base_that_may_not_be_read_is_refused(string name)
    {
        await SkipUnlessOtherUser();
        using var bench = new Workbench();
        OpenToAll(bench);
        File.SetUnixFileMode(bench.InBase(name), UnixFileMode.UserRead);

        ChildProcess run = await AsNobody(bench);

        AssertRefused(run, "LORA1110", bench.InBase(name), "denied");
        Assert.False(Directory.Exists(bench.OutputPath));
        bench.Passed();
    }

    [Theory]
    [InlineData("adapter_model.safetensors")]
    [InlineData("adapter_config.json")]
    public async Task A_file_of_the_adapter_that_may_not_be_read_is_refused(string name)
    {
        await SkipUnlessOtherUser();
        using var bench = new Workbench();
        OpenToAll(bench);
        File.SetUnixFileMode(bench.InAdapter(name), UnixFileMode.UserRead);

        ChildProcess run = await AsNobody(bench);

        AssertRefused(run, "LORA1110", bench.InAdapter(name), "denied");
        bench.Passed();
    }

    /// <summary>What is not in the list of inputs, and so not in the key, is never opened.</summary>
    [Fact]
    public async Task Files_that_are_no_part_of_the_model_may_be_closed_to_the_merge()
    {
        string[] asOwner = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]; // root, too, is held to the modes of files
        await ChildProcess.SkipUnless("There is no setpriv here.", [.. asOwner, "true"]);
        string[] ofBase =
        [
            "secret.env", "notes.txt", "consolidated.safetensors", "model.gguf", "pytorch_model.bin", "other.safetensors",
            "1_Pooling/secret.env", "original/consolidated.00.pth", "sub/config.json",
        ];
        string[] ofAdapter = ["adapter_model.bin", "optimizer.pt", "README.md", "model.safetensors"];
        TinyCheckpoint checkpoint = TinyCheckpoint.Llama();
        foreach (string name in ofBase)
            checkpoint.File(name, "closed");
        TinyAdapter adapter = TinyAdapter.ForLlama();
        foreach (string name in ofAdapter)
            adapter.File(name, "closed");
        using var bench = new Workbench(checkpoint, adapter);
        foreach (string path in (string[])[.. ofBase.Select(bench.InBase), .. ofAdapter.Select(bench.InAdapter)])
            File.SetUnixFileMode(path, UnixFileMode.None);

        ChildProcess run = await ChildProcess.Run([.. asOwner, .. ChildProcess.MergeOf(bench)]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        bench.Passed();
    }

    [Fact]
    public async Task A_folder_of_the_base_that_may_not_be_listed_is_refused()
    {
        await SkipUnlessOtherUser();
        using var bench = new Workbench();
        OpenToAll(bench);
        File.SetUnixFileMode(bench.Base, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);

        ChildProcess run = await AsNobody(bench);

        AssertRefused(run, "LORA1110", bench.Base, "denied");
        bench.Passed();
    }

    [Fact]
    public async Task A_place_where_this_user_may_not_write_is_refused_and_the_earlier_result_stays()
    {
        await SkipUnlessOtherUser();
        using var bench = new Workbench();
        await bench.MergeAsync();
        OpenToAll(bench);
        File.SetUnixFileMode(
            bench.Folder,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute
        );
        SortedDictionary<string, string> before = FolderContents.Of(bench.Folder);

        ChildProcess run = await AsNobody(bench);

        AssertRefused(run, "LORA1141", bench.OutputPath, "denied");
        Assert.Equal(before, FolderContents.Of(bench.Folder));
        bench.Passed();
    }

    [Fact]
    public async Task A_merged_model_is_made_to_be_read_by_others_as_the_umask_says()
    {
        await ChildProcess.SkipUnless("There is no shell here.", "sh", "-c", "true");
        using var bench = new Workbench(TinyCheckpoint.Llama().InShards(2).File("1_Pooling/config.json", "{}"), TinyAdapter.ForLlama());

        ChildProcess run = await ChildProcess.Run(["sh", "-c", "umask 022; exec \"$@\"", "sh", .. ChildProcess.MergeOf(bench)]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        foreach (string file in Directory.EnumerateFiles(bench.OutputPath, "*", SearchOption.AllDirectories))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(file));
        foreach (string folder in (string[])[bench.OutputPath, .. Directory.EnumerateDirectories(bench.OutputPath)])
            Assert.Equal("rwxr-xr-x", Text(File.GetUnixFileMode(folder)));
        bench.Passed();
    }

    private static async Task<ChildProcess> InOwnMounts(Workbench bench, string mount, string after = "true") =>
        await ChildProcess.Run([.. Shell(mount, after), .. ChildProcess.MergeOf(bench)]);

    /// <summary>Runs the command that follows it in a mount namespace of its own.</summary>
    private static string[] Shell(string mount, string after) =>
        ["unshare", "-m", "sh", "-c", $"{mount} || exit 99; \"$@\"; code=$?; {after}; exit $code", "sh"];

    /// <summary>With all that the bench's "disk" holds in a lower layer, as the files of an image are.</summary>
    private static async Task<ChildProcess> InContainer(Workbench bench, string[] command, string after)
    {
        string upper = Path.Combine(Path.GetTempPath(), Path.GetFileName(bench.Folder) + "-upper");
        string mount = $"mkdir -p '{upper}' && mount -t tmpfs tmpfs '{upper}' && mkdir '{upper}/u' '{upper}/w'"
            + $" && mount -t overlay overlay -o 'lowerdir={bench.Folder}/disk,upperdir={upper}/u,workdir={upper}/w' '{bench.Folder}/disk'";
        await ChildProcess.SkipUnless("This system lets no process mount overlay file systems of its own (unshare -m).", "unshare", "-m", "sh", "-c", mount);
        try
        {
            return await ChildProcess.Run([.. Shell(mount, after), .. command]);
        }
        finally
        {
            Directory.Delete(upper);
        }
    }

    private static Task SkipUnlessOtherUser() => ChildProcess.SkipUnless(NoOtherUser, [.. Nobody, .. ChildProcess.LoraMerge, "--help"]);

    private static async Task<ChildProcess> AsNobody(Workbench bench) => await ChildProcess.Run([.. Nobody, .. ChildProcess.MergeOf(bench)]);

    private static string[] Nobody => ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];

    private static void OpenToAll(Workbench bench)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(bench.Folder, "*", SearchOption.AllDirectories).Append(bench.Folder))
            File.SetUnixFileMode(
                path,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.OtherRead
                    | UnixFileMode.OtherWrite
                    | UnixFileMode.OtherExecute
            );
    }

    private static string Text(UnixFileMode mode) => string.Concat("rwxrwxrwx".Select((letter, i) => ((int)mode & (1 << (8 - i))) == 0 ? '-' : letter));

    private static void AssertRefused(ChildProcess run, string code, params string[] mentions)
    {
        Assert.Equal(1, run.ExitCode);
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($": error {code}: ", line, StringComparison.Ordinal);
        foreach (string mention in mentions)
            Assert.Contains(mention, line, StringComparison.Ordinal);
    }
}
