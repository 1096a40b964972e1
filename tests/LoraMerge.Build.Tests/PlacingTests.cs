using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.Build.Tests;

/// <summary>
/// However placing a model ends, its place holds the earlier model, the new one, or none that could be taken for whole; what is said is true, and the next
/// build puts it right.
/// </summary>
public sealed class PlacingTests
{
    private const int InputOutputError = 5, NoSpaceLeft = 28;

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    [InlineData(false, false, true)]
    public void Wherever_an_operation_fails_the_place_holds_a_whole_model_or_none(bool mayLink, bool isReplaced, bool failsFromThenOn)
    {
        using var bench = new PlacingBench { MayLink = mayLink };
        int steps = bench.CountSteps("new", isReplaced);
        Assert.InRange(steps, 20, 100);

        for (int n = 1; n <= steps; n++)
        {
            bench.Begin(isReplaced);
            SortedDictionary<string, string> before = bench.OutputNow();

            bool isPlaced = bench.Place("new", (step, name) => FailIf(step == n || (failsFromThenOn && step > n), InputOutputError, name));

            AssertTrue(bench, isPlaced, before);
            AssertHealed(bench, "new");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_the_disk_has_room_for_one_model_only_the_place_holds_a_whole_one_or_none_wherever_it_fails_then(bool failsFromThenOn)
    {
        using var bench = new PlacingBench();
        int first = 0, steps = 0;
        bench.Begin(isReplaced: true);
        Assert.True(bench.Place("new", (step, name) =>
        {
            steps = step;
            FailIf(IsFirstWrite(step, name, ref first), NoSpaceLeft, name);
        }));
        Assert.Equal(PlacingBench.Whole("new"), bench.OutputNow());

        for (int n = first + 1; n <= steps; n++)
        {
            bench.Begin(isReplaced: true);
            SortedDictionary<string, string> before = bench.OutputNow();

            bool isPlaced = bench.Place("new", (step, name) =>
            {
                FailIf(step == first, NoSpaceLeft, name);
                FailIf(step == n || (failsFromThenOn && step > n), NoSpaceLeft, name);
            });

            AssertTrue(bench, isPlaced, before);
            AssertHealed(bench, "new");
        }
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    [InlineData(false, true, true)]
    public void Wherever_a_build_is_killed_nothing_can_be_taken_for_a_whole_model_that_is_none(bool mayLink, bool isReplaced, bool isDiskFull)
    {
        using var bench = new PlacingBench { MayLink = mayLink };
        bench.Begin(isReplaced);
        SortedDictionary<string, string> before = bench.OutputNow();
        int steps = 0, first = 0;
        Assert.True(bench.Place("new", (step, name) =>
        {
            steps = step;
            bench.SaveTo($"killed {step}");
            FailIf(isDiskFull && IsFirstWrite(step, name, ref first), NoSpaceLeft, name);
        }));

        for (int n = 1; n <= steps; n++)
        {
            bench.ReturnTo($"killed {n}");
            AssertWholeOrNone(bench, before);
            AssertHealed(bench, "new");
            bench.ReturnTo($"killed {n}");
            AssertHealed(bench, "old");
            bench.ReturnTo($"killed {n}");
            Assert.True(bench.Place(null));
            Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Output));
        }
    }

    [Fact]
    public void Files_of_others_in_the_folder_stay()
    {
        using var bench = new PlacingBench();
        bench.Begin(isReplaced: true);
        File.WriteAllText(bench.PathOf("notes.txt"), "mine");
        File.WriteAllText(bench.PathOf(".lora-mine.old"), "mine");

        Assert.True(bench.Place("new"));
        Assert.Equal(
            PlacingBench.Whole("new").Keys.Append("models/chat/.lora-mine.old").Append("models/chat/notes.txt").Order(StringComparer.Ordinal),
            bench.OutputNow().Keys
        );
        Assert.True(bench.Place(null));
        Assert.Equal(["models/chat/.lora-mine.old", "models/chat/notes.txt"], bench.OutputNow().Keys);
    }

    [Fact]
    public void A_model_that_is_there_is_left_as_it_is()
    {
        using var bench = new PlacingBench();
        bench.Begin(isReplaced: true);
        int steps = 0;

        Assert.True(bench.Place("old", (step, _) => steps = step));

        Assert.Equal(2, steps); // twice, what is remembered is compared with what would be written
    }

    [Fact]
    public void What_an_earlier_model_has_left_goes_although_no_build_remembers_it()
    {
        using var bench = new PlacingBench();
        bench.Begin(isReplaced: true);

        Assert.True(bench.Place("new", record: "App.csproj of a fresh checkout"));

        Assert.Equal(PlacingBench.Whole("new"), bench.OutputNow());
    }

    [Fact]
    public void What_a_project_has_put_there_under_the_name_that_it_had_before_is_its_own()
    {
        using var bench = new PlacingBench();
        string projects = Directory.CreateDirectory(Path.Combine(bench.Output, "..", "renamed")).FullName, obj = Path.Combine(projects, "obj");
        Directory.CreateDirectory(Path.Combine(obj, "Debug"));
        PlacedRecord earlier = PlacedRecord.Load(Path.Combine(obj, "Debug", "Old.csproj.lora.placed"));
        earlier.Add(bench.Output, new PlacedModel(bench.Folder, "old", []));
        earlier.Save();
        string record = Path.Combine(obj, "Debug", "New.csproj.lora.placed");
        bool? IsOthers(string key) => new OwnModels([], bench.Output, record, Path.Combine(projects, "New.csproj"), obj).IsOthers(bench.Folder, key);

        Assert.False(IsOthers("old"));
        Assert.True(IsOthers("another"));
        File.WriteAllText(Path.Combine(projects, "Old.csproj"), "");
        Assert.Null(IsOthers("old"));
    }

    [Fact]
    public void A_file_of_the_store_with_other_bytes_than_its_list_says_is_not_placed()
    {
        using var bench = new PlacingBench();
        bench.Begin(isReplaced: true);
        SortedDictionary<string, string> before = bench.OutputNow();
        string damaged = bench.Stored("new", "model-00002-of-00002.safetensors");

        bool isPlaced = bench.Place("new", hashOf: file => file == damaged ? new string('0', 32) : HashOf(file));

        Assert.False(isPlaced);
        var error = Assert.Single(bench.Engine.Errors);
        Assert.Equal("LORA6009", error.Code);
        Assert.Contains($"'{damaged}' does not hold the bytes that the store's list says", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, bench.OutputNow());
        Assert.True(bench.Place("new", hashOf: HashOf));
    }

    [Fact]
    public async Task Builds_at_once_into_one_folder_leave_one_model_whole()
    {
        using var bench = new PlacingBench();
        bench.Begin(isReplaced: false);

        for (int i = 0; i < 20; i++)
        {
            bool[] placed = await Task.WhenAll(
                new[] { "old", "new", "old", "new" }.Select((model, n) => Task.Run(() => bench.Place(model, record: $"{n}.placed")))
            );

            Assert.DoesNotContain(false, placed);
            Assert.Contains(bench.OutputNow(), (SortedDictionary<string, string>[])[PlacingBench.Whole("old"), PlacingBench.Whole("new")]);
        }
    }

    [Fact]
    public void A_disk_with_room_for_one_model_gets_the_new_one_and_one_without_keeps_the_old()
    {
        using OwnFileSystem disk = OwnFileSystem.Create("tmpfs", megabytes: 2);
        using var bench = new PlacingBench(disk.Folder);
        bench.Begin(isReplaced: true);
        string filler = Path.Combine(disk.Folder, "filler");
        SortedDictionary<string, string> before = bench.OutputNow();

        File.WriteAllBytes(filler, new byte[800_000]);
        Assert.True(bench.Place("new"));
        Assert.Equal(PlacingBench.Whole("new"), bench.OutputNow());

        File.Delete(filler);
        bench.Begin(isReplaced: true);
        File.WriteAllBytes(filler, new byte[800_000]);
        bench.Grow("new", "model.safetensors.index.json", 400_000);
        Assert.False(bench.Place("new"));
        var error = Assert.Single(bench.Engine.Errors);
        Assert.Equal("LORA6006", error.Code);
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("What was there before is as it was. Make room, and build again.", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, bench.OutputNow());
    }

    private static string HashOf(string file) => ContentHash.OfFile(file, TestContext.Current.CancellationToken);

    private static bool IsFirstWrite(int step, string name, ref int first)
    {
        if (first == 0 && name == "write")
            first = step;
        return step == first;
    }

    private static void FailIf(bool fails, int error, string operation)
    {
        if (fails)
            throw new IOException($"The test lets '{operation}' fail", error);
    }

    private static void AssertTrue(PlacingBench bench, bool isPlaced, SortedDictionary<string, string> before)
    {
        SortedDictionary<string, string> now = WithoutRest(bench.OutputNow());
        if (isPlaced)
        {
            Assert.Empty(bench.Engine.Errors);
            Assert.Equal(PlacingBench.Whole("new"), now);
            return;
        }
        string code = Assert.Single(bench.Engine.Errors).Code;
        switch (code)
        {
            case "LORA6006":
                Assert.Equal(before, now);
                break;
            case "LORA6007":
                AssertNone(now);
                break;
            case "LORA6060":
                Assert.Equal(PlacingBench.Whole("new"), now);
                break;
            default:
                Assert.Equal("LORA6003", code); // what is remembered, and not what is placed
                Assert.Contains(now, (SortedDictionary<string, string>[])[before, PlacingBench.Whole("new")]);
                break;
        }
    }

    private static void AssertWholeOrNone(PlacingBench bench, SortedDictionary<string, string> before)
    {
        SortedDictionary<string, string> now = WithoutRest(bench.OutputNow());
        if (!now.SequenceEqual(before) && !now.SequenceEqual(PlacingBench.Whole("new")))
            AssertNone(now);
    }

    /// <summary>The manifest is not there. Nor is what an engine opens first, unless all else is of one model.</summary>
    private static void AssertNone(SortedDictionary<string, string> now)
    {
        Assert.DoesNotContain("models/chat/lora-merge.json", now.Keys);
        if (now.ContainsKey("models/chat/config.json"))
            Assert.Contains(
                now,
                ((string[])["old", "new"]).Select(model => PlacingBench.Whole(model).Where(file => file.Key != "models/chat/lora-merge.json"))
            );
    }

    private static void AssertHealed(PlacingBench bench, string model)
    {
        Assert.True(bench.Place(model));
        Assert.Equal(PlacingBench.Whole(model), bench.OutputNow());
    }

    /// <summary>What waits beside the places is no part of any model.</summary>
    private static SortedDictionary<string, string> WithoutRest(SortedDictionary<string, string> files) =>
        new(files.Where(file => !file.Key.Contains("/.lora-", StringComparison.Ordinal)).ToDictionary(), StringComparer.Ordinal);
}
