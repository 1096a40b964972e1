using LoraMerge.Checkpoints;

namespace LoraMerge.Planning;

/// <summary>What a base has that is nearest to a module that it does not have.</summary>
internal static class NearestModule
{
    /// <summary>A sentence for people, with a space behind it; empty where the base has nothing alike.</summary>
    /// <param name="path">Where the module would lie in the base's files.</param>
    /// <param name="module">What the adapter calls it.</param>
    /// <param name="checkpoint">The base.</param>
    public static string Hint(string path, string module, Checkpoint checkpoint)
    {
        string last = path.Split('.')[^1];
        if (JoinedProjections.NameOf(path, checkpoint) is { } other && checkpoint.TryFind(other.Path + ".weight", out TensorSource? stored))
        {
            return other.IsJoined
                ? $"The base has '{other.Path}' {stored.ShapeText} there, in which '{last}' is fused with others, and where its rows lie is not known. "
                : $"The base has '{other.Path}' {stored.ShapeText} there: what is fused in the adapter's '{last}' lies apart. ";
        }
        string[] asked = module.Split('.');
        TensorSource? nearest = checkpoint.Tensors.Where(tensor => tensor.Shape.Length >= 2)
            .Select(tensor => (Tensor: tensor, Alike: Alike(asked, tensor.Name.Split('.')))).Where(pair => pair.Alike > 0)
            .OrderByDescending(pair => pair.Alike).ThenBy(pair => pair.Tensor.Name.Length).ThenBy(pair => pair.Tensor.Name, StringComparer.Ordinal)
            .FirstOrDefault().Tensor;
        return nearest is null ? "" : $"Nearest to '{module}' the base has '{nearest.Name}' {nearest.ShapeText}. ";
    }

    /// <summary>Parts that two paths have in common, in order; the last one counts as three, as it says what a layer does.</summary>
    private static int Alike(string[] asked, string[] tensor)
    {
        int[,] longest = new int[asked.Length + 1, tensor.Length + 1];
        for (int i = 0; i < asked.Length; i++)
        {
            for (int j = 0; j < tensor.Length; j++)
            {
                longest[i + 1, j + 1] = asked[i] == tensor[j]
                    ? longest[i, j] + (i == asked.Length - 1 ? 3 : 1)
                    : Math.Max(longest[i, j + 1], longest[i + 1, j]);
            }
        }
        return longest[asked.Length, tensor.Length];
    }
}
