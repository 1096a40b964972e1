using LoraMerge.Deltas;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Kinds.UniLora;

/// <summary>Files that hold the places, and others.</summary>
public sealed class UniLoraTests : KindContract
{
    private protected override string PeftType => "UNILORA";

    private protected override KindExample OfLinear(int outputs, int inputs) => Of(Layer.Linear(outputs, inputs));

    private protected override KindExample? OfTransposed(int outputs, int inputs) => Of(Layer.Transposed(outputs, inputs));

    /// <summary>The order is that of the model's class, in which query goes before down projection.</summary>
    [Fact]
    public async Task Places_that_are_not_in_the_file_are_drawn_for_all_modules_in_their_order()
    {
        Layer query = Layer.Linear(4, 8, "model.layers.0.self_attn.q_proj"),
            down = Layer.Linear(8, 12, "model.layers.0.mlp.down_proj"),
            second = Layer.Linear(4, 8, "model.layers.10.self_attn.q_proj");
        Matrix theta = Matrix.Of("base_model.unilora_theta_d", 7);
        using TinyFolder folder = new TinyFolder(
            """{ "model_type": "llama" }""",
            second.Weight,
            query.Weight,
            down.Weight,
            Matrix.Of("model.layers.0.mlp.up_proj.weight", 4, 4)
        ).With("\"peft_type\": \"UNILORA\", \"r\": 2, \"proj_seed\": 5, \"target_modules\": [\"q_proj\", \"down_proj\"]", theta);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        int[] places = Places(7, 2 * (12 + 20 + 12), 5);
        int[] counts = [.. Enumerable.Range(0, 7).Select(number => places.Count(place => place == number))];
        int first = 0;
        foreach (Layer layer in (Layer[])[query, down, second])
        {
            int start = first;
            double Of(int place) => theta.Values[places[start + place]] / Math.Sqrt(counts[places[start + place]]);
            Matrix.AssertNear(
                layer.Plus((o, i) => Enumerable.Range(0, 2).Sum(r => Of((r * layer.Inputs) + i) * Of((2 * layer.Inputs) + (o * 2) + r))),
                merged[layer.Weight.Name]
            );
            first += 2 * (layer.Inputs + layer.Outputs);
        }
        folder.Passed();
    }

    /// <summary>The head is a layer of the live model, though the files hold its weight as the embedding alone.</summary>
    [Fact]
    public async Task A_head_that_is_tied_has_its_places_too()
    {
        Layer query = Layer.Linear(4, 8, "model.layers.0.self_attn.q_proj");
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 6, 8), theta = Matrix.Of("base_model.unilora_theta_d", 7);
        using TinyFolder folder = new TinyFolder(
            """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true }""", embedding, query.Weight
        ).With("\"peft_type\": \"UNILORA\", \"r\": 2, \"proj_seed\": 5, \"target_modules\": [\"q_proj\", \"lm_head\"]", theta);

        Dictionary<string, double[]> merged = await folder.MergeTensors();

        int[] places = Places(7, 2 * (12 + 14), 5);
        int[] counts = [.. Enumerable.Range(0, 7).Select(number => places.Count(place => place == number))];
        double Of(int place) => theta.Values[places[place]] / Math.Sqrt(counts[places[place]]);
        Matrix.AssertNear(
            query.Plus((o, i) => Enumerable.Range(0, 2).Sum(r => Of((r * 8) + i) * Of(16 + (o * 2) + r))),
            merged[query.Weight.Name]
        );
        Layer head = Layer.Linear(6, 8, "lm_head") with { Weight = embedding };
        Matrix.AssertNear(
            head.Plus((o, i) => Enumerable.Range(0, 2).Sum(r => Of(24 + (r * 8) + i) * Of(24 + 16 + (o * 2) + r))),
            merged["lm_head.weight"]
        );
        Assert.Equal(embedding.AsDoubles(), merged[embedding.Name]);
        folder.Passed();
    }

    [Fact]
    public async Task An_order_that_is_not_known_is_refused()
    {
        using TinyFolder folder = new TinyFolder("{}", Matrix.Of("net.first.weight", 4, 4), Matrix.Of("net.other.weight", 4, 4))
            .With("\"peft_type\": \"UNILORA\", \"r\": 2, \"target_modules\": [\"first\", \"other\"]", Matrix.Of("base_model.unilora_theta_d", 7));

        Assert.Equal(DiagnosticCode.ModuleOrderUnknown, await folder.MergeFails());
        folder.Passed();
    }

    private static int[] Places(int length, int count, int seed)
    {
        var numbers = new NumpyGenerator(seed);
        int[] places =
        [
            .. Enumerable.Range(0, length).SelectMany(number => Enumerable.Repeat(number, count / length)),
            .. numbers.Choose(length, count % length),
        ];
        numbers.Shuffle(places);
        return places;
    }

    private static KindExample Of(Layer layer)
    {
        Matrix theta = Matrix.Of("base_model.unilora_theta_d", 7);
        Matrix placesA = layer.Indices("unilora_indices_A", 7, 3, 2, layer.Inputs),
            placesB = layer.Indices("unilora_indices_B", 7, 5, layer.Outputs, 2);
        Matrix scalesA = layer.Tensor("unilora_scales_A", 2, layer.Inputs),
            scalesB = layer.Tensor("unilora_scales_B", layer.Outputs, 2);
        return layer.Example(
            "\"r\": 2, \"save_indices\": true",
            (o, i) => Enumerable.Range(0, 2).Sum(r => At(placesB, scalesB, o, r) * At(placesA, scalesA, r, i)),
            placesA,
            placesB,
            scalesA,
            scalesB,
            theta
        );

        double At(Matrix places, Matrix scales, int row, int column) => theta.Values[(int)places[row, column]] * scales[row, column];
    }
}
