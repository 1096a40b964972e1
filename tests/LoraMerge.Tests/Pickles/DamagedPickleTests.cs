using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;
using LoraMerge.Pickles;
using LoraMerge.Safetensors;
using LoraMerge.Store;

namespace LoraMerge.Tests.Pickles;

/// <summary>Files of torch.save with wrong bits in them, whose checksums tell it.</summary>
public sealed class DamagedPickleTests
{
    private const string Module = "model.layers.0.self_attn.q_proj";
    private const string Name = Module + ".weight";

    /// <summary>Either the damage is told, or it is where it changes nothing.</summary>
    [Fact]
    public async Task No_wrong_bit_gives_another_model_in_silence()
    {
        using Workbench bench = Pickled(Archive());
        byte[] sound = File.ReadAllBytes(bench.InBase("pytorch_model.bin"));
        await bench.MergeAsync();
        string expected = FolderContents.Of(bench.OutputPath)["model.safetensors"];
        var random = new Random(7);
        int refused = 0;

        for (int i = 0; i < 120; i++)
        {
            byte[] wrong = [.. sound];
            wrong[random.Next(wrong.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(bench.InBase("pytorch_model.bin"), wrong);
            try
            {
                await bench.MergeAsync();
                Assert.Equal(expected, FolderContents.Of(bench.OutputPath)["model.safetensors"]);
            }
            catch (LoraMergeException)
            {
                refused++;
            }
        }

        Assert.True(refused > 40, $"{refused} refused");
        bench.Passed();
    }

    [Fact]
    public async Task A_damaged_storage_is_refused_and_named()
    {
        using Workbench bench = Pickled(Archive());
        await bench.MergeAsync();
        Spoil(bench.InBase("pytorch_model.bin"), TinyTorchFile.Floats(5));

        await bench.AssertRefusedAsync(DiagnosticCode.PickleDamaged, bench.InBase("pytorch_model.bin"), "archive/data/0", "CRC-32");
        bench.Passed();
    }

    [Fact]
    public async Task A_damaged_storage_of_an_adapter_is_refused()
    {
        using Workbench bench = Pickled(Archive());
        byte[] pickle = TinyPickle.StateDict(
            ($"base_model.model.{Module}.lora_A.weight", new TinyTensor("0", 2, 4)),
            ($"base_model.model.{Module}.lora_B.weight", new TinyTensor("1", 4, 2)));
        File.Delete(bench.InAdapter("adapter_model.safetensors"));
        File.WriteAllBytes(bench.InAdapter("adapter_model.bin"), TinyTorchFile.Zip(pickle, ("0", TinyTorchFile.Counting(8)), ("1", TinyTorchFile.Counting(8))));
        await bench.MergeAsync();
        Spoil(bench.InAdapter("adapter_model.bin"), TinyTorchFile.Floats(5));

        await bench.AssertRefusedAsync(DiagnosticCode.PickleDamaged, bench.InAdapter("adapter_model.bin"));
        bench.Passed();
    }

    [Fact]
    public async Task A_damaged_storage_is_refused_by_verify_too()
    {
        using Workbench bench = Pickled(Archive());
        await bench.MergeAsync();
        Spoil(bench.InBase("pytorch_model.bin"), TinyTorchFile.Floats(5));

        Task verify = new Merger().VerifyAsync(bench.Request(), bench.OutputPath, CancellationToken.None);
        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => verify);

        Assert.Equal(DiagnosticCode.PickleDamaged, fault.Code);
        bench.Passed();
    }

    /// <summary>A build may have hashed the file before anybody looked whether it is sound.</summary>
    [Fact]
    public async Task A_damaged_storage_is_refused_where_the_hash_is_known_already()
    {
        using Workbench bench = Pickled(Archive());
        var into = new StoreRequest(Path.Combine(bench.Folder, "store"), Path.Combine(bench.Folder, "x.state"), null);
        await new Merger().MergeIntoStoreAsync(bench.Request(), into, CancellationToken.None);
        Spoil(bench.InBase("pytorch_model.bin"), TinyTorchFile.Floats(5));

        // The store has a model of that name, so that all inputs are hashed first.
        Task merge = new Merger().MergeIntoStoreAsync(bench.Request(), into, CancellationToken.None);
        LoraMergeException fault = await Assert.ThrowsAsync<LoraMergeException>(() => merge);

        Assert.Equal(DiagnosticCode.PickleDamaged, fault.Code);
        bench.Passed();
    }

    [Fact]
    public void A_damaged_pickle_is_refused_before_it_is_read()
    {
        TinyZip zip = Archive();
        zip.Entries[0] = zip.Entries[0] with { ClaimedChecksum = 1 };

        LoraMergeException fault = Attack.AssertRefused(DiagnosticCode.PickleDamaged, zip.ToBytes());

        Assert.Contains("data.pkl", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_without_checksums_is_read()
    {
        TinyZip zip = Archive();
        for (int i = 0; i < zip.Entries.Count; i++)
            zip.Entries[i] = zip.Entries[i] with { ClaimedChecksum = 0 };
        using Workbench bench = Pickled(zip);

        await bench.MergeAsync();

        bench.Passed();
    }

    [Fact]
    public void Checksums_are_compared_however_the_bytes_come()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        ChecksumRange[] ranges = [Range(bytes, 3, 10), Range(bytes, 13, 1), Range(bytes, 40, 60)];

        for (int step = 1; step <= 100; step++)
            Feed(bytes, step, ranges);
        Assert.Throws<LoraMergeException>(() => Feed(bytes, 7, [ranges[0], ranges[2] with { Checksum = 5 }]));
        Assert.Throws<LoraMergeException>(() => Feed(bytes, 7, [Range(bytes, 0, 50), Range(bytes, 10, 20)])); // one within another
    }

    private static void Feed(byte[] bytes, int step, ChecksumRange[] ranges)
    {
        var watch = new ChecksumWatch("x", [.. ranges]);
        for (int offset = 0; offset < bytes.Length; offset += step)
            watch.Append(offset, bytes.AsSpan(offset, Math.Min(step, bytes.Length - offset)));
    }

    private static ChecksumRange Range(byte[] bytes, int offset, int length) =>
        new("x", offset, length, System.IO.Hashing.Crc32.HashToUInt32(bytes.AsSpan(offset, length)));

    private static TinyZip Archive() => TinyTorchFile.ZipOf(TinyPickle.StateDict((Name, new TinyTensor("0", 4, 4))), ("0", TinyTorchFile.Counting(16)));

    private static Workbench Pickled(TinyZip zip)
    {
        TinyCheckpoint checkpoint = TinyCheckpoint.Empty.File("config.json", "{\"model_type\": \"llama\"}").Filled(Name, DType.F32, 4, 4);
        var bench = new Workbench(checkpoint, TinyAdapter.Lora().Module(Module, 4, 4));
        File.Delete(bench.InBase("model.safetensors"));
        File.WriteAllBytes(bench.InBase("pytorch_model.bin"), zip.ToBytes());
        return bench;
    }

    /// <summary>Turns a bit over in the first place that has these bytes.</summary>
    private static void Spoil(string file, byte[] at)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().IndexOf(at)] ^= 0x40;
        File.WriteAllBytes(file, bytes);
    }
}
