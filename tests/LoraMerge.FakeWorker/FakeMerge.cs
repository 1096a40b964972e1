using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Fingerprints;

namespace LoraMerge.FakeWorker;

/// <summary>Leaves in the store what a merge leaves there; the weights are the base's with bytes turned over by the adapters.</summary>
internal static class FakeMerge
{
    public static int Run(FakeArguments arguments)
    {
        Directory.CreateDirectory(arguments.Store);
        using FileStream storeLock = TakeLock(Path.Combine(arguments.Store, ".lora-merge.lock"));
        long stampedTicks = DateTime.UtcNow.Ticks;
        List<InputRoot> roots =
        [
            InputFiles.OfBase(arguments.BasePath),
            .. arguments.Adapters.Select((adapter, i) => InputFiles.OfAdapter(adapter.Path, i + 1)),
        ];
        List<HashedInput> inputs =
        [
            .. roots.SelectMany(root => root.Files.Select(file => new HashedInput(root, file, ContentHash.OfFile(file.FullPath, CancellationToken.None)))),
        ];
        string key = ModelKey.Compute(ToolVersion.Current, arguments.ModelOptions, inputs);
        var place = EntryPlace.For(arguments.Store, arguments.Name, key);

        StoreEntry? there = StoreEntry.TryLoad(place, key);
        if (there?.Check(place, CancellationToken.None) is null || there.FinishedTicks < (arguments.NewerThanTicks ?? 0))
            Merge(arguments, roots, inputs, key, place);
        StateFile.Create(arguments.StatePath, stampedTicks, key, place.Name, inputs).Save();
        var users = new StoreUsers(arguments.Store);
        users.Record(arguments.StatePath, place.Name);
        foreach (EntryPlace unused in users.FindUnused())
        {
            File.Delete(unused.MarkFile);
            Directory.Delete(unused.Folder, recursive: true);
        }
        return 0;
    }

    /// <summary>What a merge leaves that ended in the middle: an unfinished folder.</summary>
    public static void LeaveHalf(FakeArguments arguments)
    {
        string folder = Path.Combine(arguments.Store, arguments.Name + ".partial");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "model.safetensors"), "half");
    }

    /// <summary>Deletes every entry of the store.</summary>
    public static void TakeAwayAll(FakeArguments arguments)
    {
        foreach (EntryPlace place in EntryPlace.AllIn(arguments.Store).ToList())
        {
            File.Delete(place.MarkFile);
            Directory.Delete(place.Folder, recursive: true);
        }
    }

    private static void Merge(FakeArguments arguments, List<InputRoot> roots, List<HashedInput> inputs, string key, EntryPlace place)
    {
        IEnumerable<string> adapters = arguments.Adapters.Select(adapter => ModelOptions.NameOf(adapter.Path, File.Exists(adapter.Path)));
        Console.WriteLine($"Merging {string.Join(" and ", adapters)} into {arguments.Name}");
        string folder = place.Folder;
        foreach (string left in Directory.GetDirectories(arguments.Store, "*.partial").Append(folder).Where(Directory.Exists))
            Directory.Delete(left, recursive: true);
        List<StoredFile> files = [];
        foreach (InputFile file in roots[0].Files)
        {
            byte[] bytes = File.ReadAllBytes(file.FullPath);
            if (file.RelativePath.EndsWith(".safetensors", StringComparison.Ordinal))
                TurnOver(bytes, ContentHash.OfText(string.Join(' ', arguments.ModelOptions.ToLines()) + string.Join(' ', inputs.Select(input => input.Hash))));
            string path = Path.Combine(folder, file.RelativePath);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
            files.Add(new StoredFile(file.RelativePath, FileStamp.Of(path), ContentHash.OfFile(path, CancellationToken.None)));
        }
        new StoreEntry(key, DateTime.UtcNow.Ticks, files).Save(place);
    }

    private static void TurnOver(byte[] bytes, string hash)
    {
        for (int i = 1; i <= hash.Length && i <= bytes.Length; i++)
            bytes[^i] ^= (byte)hash[i - 1];
    }

    private static FileStream TakeLock(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(50);
            }
        }
    }
}
