using LoraMerge.Checkpoints;
using LoraMerge.Diagnostics;

namespace LoraMerge.Fuzz;

/// <summary>A file of torch.save, zip archive or not, whose tensors are read: the input is the file.</summary>
internal static class PickleTarget
{
    private const int LongestRead = 1 << 16;

    public static bool Feed(byte[] input, ScratchFolder folder)
    {
        string file = folder.Write("pytorch_model.bin", input);
        try
        {
            Shard shard = Shard.Read(file);
            using var files = new TensorFiles();
            byte[] bytes = new byte[LongestRead];
            foreach (StoredTensor tensor in shard.Tensors)
            {
                long middle = tensor.ByteLength / 3; // also within an element
                files.ReadInto(tensor, 0, bytes.AsSpan(0, (int)Math.Min(LongestRead, tensor.ByteLength)));
                files.ReadInto(tensor, middle, bytes.AsSpan(0, (int)Math.Min(LongestRead, (tensor.ByteLength - middle) / 2)));
            }
            return true;
        }
        catch (LoraMergeException)
        {
            return false;
        }
    }
}
