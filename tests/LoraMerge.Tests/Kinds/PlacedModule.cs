using System.Text.Json.Nodes;

namespace LoraMerge.Tests.Kinds;

/// <summary>A base with one module that an adapter changes under another name, and one that it does not.</summary>
internal sealed class PlacedModule : IDisposable
{
    private readonly Matrix _weight;
    private readonly Matrix _other;
    private readonly Matrix _a;
    private readonly Matrix _b;
    private readonly TinyFolder _folder;

    /// <param name="model">The base, as <see cref="Config"/> takes it.</param>
    /// <param name="live">What the adapter calls the module.</param>
    /// <param name="stored">What the base calls it.</param>
    public PlacedModule(string model, string live, string stored)
    {
        _weight = Matrix.Of(stored + ".weight", 4, 3);
        _other = Matrix.Of(stored + "_other.weight", 4, 3);
        _a = Matrix.Of($"base_model.model.{live}.lora_A.weight", 1, 3);
        _b = Matrix.Of($"base_model.model.{live}.lora_B.weight", 4, 1);
        _folder = new TinyFolder(Config(model), _weight, _other).With("\"task_type\": \"CAUSAL_LM\"", _a, _b);
    }

    /// <summary>config.json of <c>TYPE CLASS KEY:TYPE …</c>: the model, and the parts that it has configurations for.</summary>
    public static string Config(string model)
    {
        string[] words = model.Split(' ');
        var config = new JsonObject { ["model_type"] = words[0], ["architectures"] = new JsonArray(words[1]), ["tie_word_embeddings"] = false };
        foreach (string[] part in words.Skip(2).Select(word => word.Split(':')))
            config[part[0]] = new JsonObject { ["model_type"] = part[1] };
        return config.ToJsonString();
    }

    /// <summary>Merges, and looks at both modules.</summary>
    public async Task AssertMerged()
    {
        Dictionary<string, double[]> merged = (await _folder.Merge()).Tensors;

        Matrix.AssertNear(Matrix.Add(_weight.AsDoubles(), _b, _a, 2), merged[_weight.Name]);
        Assert.Equal(_other.AsDoubles(), merged[_other.Name]);
        Assert.Equal(2, merged.Count);
        _folder.Passed();
    }

    public void Dispose() => _folder.Dispose();
}
