using System.Collections.Immutable;
using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Tests;

/// <summary>Writes a laid-out model to its file, or to several, of rows that are there already; a merge writes them as they come.</summary>
internal static class GgufModelWriter
{
    /// <param name="layout">The model.</param>
    /// <param name="folder">That exists.</param>
    /// <param name="name">Of the file, without <c>.gguf</c>.</param>
    /// <param name="maxFileLength">In bytes; null for one file.</param>
    /// <param name="assembler">Makes the bytes.</param>
    /// <param name="cancellation">Between blocks.</param>
    /// <returns>Paths of the files, the first part first.</returns>
    /// <exception cref="GgufLayoutException">ValueNotRepresentable.</exception>
    /// <exception cref="IOException">The disk has no room, or a file cannot be written.</exception>
    public static ImmutableArray<string> Write(
        GgufLayout layout, string folder, string name, long? maxFileLength, TensorAssembler assembler, CancellationToken cancellation = default)
    {
        ImmutableArray<GgufFileLayout> files = layout.Files(maxFileLength);
        var paths = ImmutableArray.CreateBuilder<string>();
        int tensor = 0;
        for (int i = 0; i < files.Length; i++)
        {
            string path = Path.Combine(folder, GgufSplit.FileName(name, i, files.Length));
            using GgufWriter writer = GgufWriter.Create(path, files[i]);
            foreach (GgufTensor placed in files[i].Tensors)
                assembler.Write(layout.Tensors[tensor++], (offset, bytes) => writer.Write(placed, offset, bytes), cancellation);
            writer.Commit();
            paths.Add(path);
        }
        return paths.ToImmutable();
    }
}
