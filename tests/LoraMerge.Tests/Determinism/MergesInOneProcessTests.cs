using LoraMerge.Deltas;
using LoraMerge.Devices;
using LoraMerge.Safetensors;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Determinism;

/// <summary>Torch's number of threads belongs to the process in part: merges side by side, and one after another, do not disturb each other by it.</summary>
public sealed class MergesInOneProcessTests
{
    static MergesInOneProcessTests() => ComputeDevice.Open("cpu", null);

    [Fact]
    public async Task Side_by_side_they_give_the_bytes_that_each_gives_alone()
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.Filled("model.layers.0.mlp.up_proj.weight", DType.F32, 700, 500).File("config.json", "{\"model_type\": \"llama\"}"),
            TinyAdapter.Lora(8).Config("init_lora_weights", "pissa").Module("model.layers.0.mlp.up_proj", 700, 500));
        await bench.MergeAsync();
        SortedDictionary<string, string> expected = FolderContents.Of(bench.OutputPath);
        string[] outputs = [.. Enumerable.Range(1, 6).Select(i => Path.Combine(bench.Folder, $"at-once-{i}"))];

        await Task.WhenAll(outputs.Select((output, i) =>
            new Merger().MergeAsync(bench.Request() with { Threads = (i % 3) + 1 }, output, CancellationToken.None)));

        Assert.All(outputs, output => Assert.Equal(expected, FolderContents.Of(output)));
        bench.Passed();
    }

    [Fact]
    public void After_a_merge_stands_what_torch_chose_itself()
    {
        int chosen, asked;
        using (new TorchThreads(null))
            chosen = get_num_threads();
        using (new TorchThreads(chosen + 2))
            asked = get_num_threads();

        Assert.Equal((chosen + 2, chosen), (asked, get_num_threads()));
    }

    [Fact]
    public void Nobody_sets_another_number_while_one_depends_on_it()
    {
        var other = new Thread(() => new TorchThreads(3).Dispose());

        using (new SingleThread())
        {
            other.Start();

            Assert.False(other.Join(100));
        }
        other.Join();
    }
}
