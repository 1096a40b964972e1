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
        List<InputRoot> roots = [InputFiles.OfBase(arguments.BasePath), .. arguments.Adapters.Select((adapter, i) => InputFiles.OfAdapter(adapter.Path, i + 1))];
        List<HashedInput> inputs = [.. roots.SelectMany(root => root.Files.Select(file => new HashedInput(root, file, ContentHash.OfFile(file.FullPath, CancellationToken.None))))];
        string key = ModelKey.Compute(ToolVersion.Current, arguments.ModelOptions, inputs);
        string name = StoreEntry.NameFor(arguments.Name, key);

        StoreEntry? there = StoreEntry.TryLoad(arguments.Store, name, key);
        if (there?.Check(arguments.Store, name, CancellationToken.None) is null || there.FinishedTicks < (arguments.NewerThanTicks ?? 0))
            Merge(arguments, roots, inputs, key, name);
        StateFile.Create(arguments.StatePath, stampedTicks, key, name, inputs).Save();
        StoreUsers.Record(arguments.Store, arguments.StatePath, name);
        foreach (string unused in StoreUsers.FindUnused(arguments.Store))
        {
            File.Delete(StoreEntry.FileOf(arguments.Store, unused));
            Directory.Delete(StoreEntry.FolderOf(arguments.Store, unused), recursive: true);
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
        foreach (string name in StoreEntry.AllNames(arguments.Store).ToList())
        {
            File.Delete(StoreEntry.FileOf(arguments.Store, name));
            Directory.Delete(StoreEntry.FolderOf(arguments.Store, name), recursive: true);
        }
    }

    private static void Merge(FakeArguments arguments, List<InputRoot> roots, List<HashedInput> inputs, string key, string name)
    {
        Console.WriteLine($"Merging {string.Join(" and ", arguments.Adapters.Select(adapter => ModelOptions.NameOf(adapter.Path, File.Exists(adapter.Path))))} into {arguments.Name}");
        string folder = StoreEntry.FolderOf(arguments.Store, name);
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
        new StoreEntry(key, DateTime.UtcNow.Ticks, files).Save(arguments.Store, name);
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
