using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds;

public sealed class DoraTests
{
    private const string Llama = """{ "model_type": "llama", "architectures": ["LlamaForCausalLM"] }""";

    private static readonly Matrix W = Matrix.Of("q.weight", 4, 3);
    private static readonly Matrix A = Matrix.Of("base_model.model.q.lora_A.weight", 1, 3);
    private static readonly Matrix B = Matrix.Of("base_model.model.q.lora_B.weight", 4, 1);
    private static readonly Matrix M = Matrix.Of("base_model.model.q.lora_magnitude_vector", 4);

    [Fact]
    public async Task Each_row_gets_its_magnitude()
    {
        using TinyFolder folder = new TinyFolder(Llama, W).With("\"use_dora\": true", A, B, M);

        double[] merged = (await folder.Merge()).Tensors["q.weight"];

        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(W.AsDoubles(), B, A, 2), M), merged);
        folder.Passed();
    }

    [Fact]
    public async Task A_row_that_is_zero_is_an_error()
    {
        Matrix zero = W with { Values = [.. W.Values.Select((value, i) => i / 3 == 2 ? 0 : value)] };
        Matrix b = B with { Values = [1, 1, 0, 1] };
        using TinyFolder folder = new TinyFolder(Llama, zero).With("\"use_dora\": true", A, b, M);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.DoraOutputIsZero, code);
        folder.Passed();
    }

    [Fact]
    public async Task The_second_of_two_takes_the_norms_of_what_the_first_made()
    {
        Matrix m2 = M with { Values = [0.5f, 1, 2, 3] };
        using TinyFolder folder = new TinyFolder(Llama, W).With("\"use_dora\": true", A, B, M).With("\"use_dora\": true", A, B, m2);

        double[] merged = (await folder.Merge()).Tensors["q.weight"];

        double[] first = Matrix.Rescale(Matrix.Add(W.AsDoubles(), B, A, 2), M);
        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(first, B, A, 2), m2), merged);
        folder.Passed();
    }

    [Fact]
    public async Task A_weight_goes_that_part_of_the_way_from_the_base()
    {
        using TinyFolder folder = new TinyFolder(Llama, W).With("\"use_dora\": true", new AdapterRequest("", 0.25), A, B, M);

        double[] merged = (await folder.Merge()).Tensors["q.weight"];

        double[] full = Matrix.Rescale(Matrix.Add(W.AsDoubles(), B, A, 2), M);
        Matrix.AssertNear([.. full.Select((value, i) => (0.25 * value) + (0.75 * W.Values[i]))], merged);
        folder.Passed();
    }

    [Fact]
    public void Norms_of_columns_run_over_all_groups_of_rows_and_over_what_came_before()
    {
        Matrix embedding = Matrix.Of("model.embed_tokens.weight", 9000, 16);
        Matrix plainA = Matrix.Of("model.embed_tokens.lora_embedding_A", 1, 9000);
        Matrix plainB = Matrix.Of("model.embed_tokens.lora_embedding_B", 16, 1);
        Matrix a = plainA with { Values = Matrix.Of("other", 1, 9000).Values };
        Matrix magnitude = Matrix.Of("model.embed_tokens.lora_magnitude_vector.default", 16);
        using TinyFolder folder = new TinyFolder("""{ "model_type": "llama", "tie_word_embeddings": false }""", embedding)
            .With("", plainA, plainB).With("\"use_dora\": true", a, plainB, magnitude);

        double[] merged = GroupedPlan.Run(GroupedPlan.Of(folder.Plan()))["model.embed_tokens.weight"];

        double[] first = Matrix.Add(embedding.AsDoubles(), plainB, plainA, 2, isTransposed: true);
        Matrix.AssertNear(Matrix.Rescale(Matrix.Add(first, plainB, a, 2, isTransposed: true), magnitude, isByColumn: true), merged);
        folder.Passed();
    }

    [Fact]
    public async Task Without_any_magnitude_the_trained_model_is_lost()
    {
        using TinyFolder folder = new TinyFolder(Llama, W).With("\"use_dora\": true", A, B);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.MagnitudesNotExported, code);
        folder.Passed();
    }
}
