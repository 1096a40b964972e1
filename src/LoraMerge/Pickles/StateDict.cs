using LoraMerge.Diagnostics;

namespace LoraMerge.Pickles;

/// <summary>
/// Finds the tensors in what a file holds: a dictionary of nothing but tensors, at its top or as its one entry that is called like a state dict.
/// </summary>
internal static class StateDict
{
    private const int LongestName = 1000;

    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "model", "module"];

    /// <exception cref="LoraMergeException">LORA2012: a name is there twice. LORA2018: which entries are the weights is unclear.</exception>
    public static List<(string Name, TensorClaim Claim)> TensorsOf(PickleValue root, string path)
    {
        if (root is not PickleValue.Dictionary top)
            throw Errors.PickleContentUnclear(path, $"it holds {root.Kind}, not a dictionary of tensors");
        if (top.Items.Count == 0 || top.Items.Any(item => item.Value is PickleValue.Tensor))
            return Tensors(top, path, "");
        PickleValue.Dictionary[] candidates = [.. top.Items
            .Where(item => item.Key is PickleValue.Text key && Wrappers.Contains(key.Value))
            .Select(item => item.Value).OfType<PickleValue.Dictionary>()];
        return candidates switch
        {
            [var only] => Tensors(only, path, " of its state dict"),
            [] => throw Errors.PickleContentUnclear(path, "it holds a dictionary without tensors"),
            _ => throw Errors.PickleContentUnclear(path, $"it holds {candidates.Length} state dicts"),
        };
    }

    private static List<(string, TensorClaim)> Tensors(PickleValue.Dictionary dictionary, string path, string where)
    {
        var tensors = new List<(string, TensorClaim)>(dictionary.Items.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((PickleValue key, PickleValue value) in dictionary.Items)
        {
            if (key is not PickleValue.Text { Value: var name })
                throw Errors.PickleContentUnclear(path, $"a key{where} is {key.Kind}, not a name");
            if (name.Length > LongestName || name.Any(char.IsControl))
                throw Errors.PickleContentUnclear(path, $"the name{where} '{name}' is none of a tensor");
            if (value is not PickleValue.Tensor tensor)
                throw Errors.PickleContentUnclear(path, $"'{name}'{where} is {value.Kind}, not a tensor");
            if (!names.Add(name))
                throw Errors.DuplicateTensor(name, path, path);
            tensors.Add((name, tensor.Claim));
        }
        return tensors;
    }
}
