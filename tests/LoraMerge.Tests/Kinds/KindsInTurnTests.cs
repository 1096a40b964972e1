using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds;

/// <summary>Adapters of several kinds change one weight one after another, each with its own weight.</summary>
public sealed class KindsInTurnTests
{
    [Fact]
    public async Task What_is_added_is_added_and_what_mixes_the_weight_mixes_what_the_earlier_ones_left()
    {
        Layer layer = Layer.Linear(4, 4);
        Matrix[] loha = [layer.Tensor("hada_w1_a", 4, 1), layer.Tensor("hada_w1_b", 1, 4), layer.Tensor("hada_w2_a", 4, 1), layer.Tensor("hada_w2_b", 1, 4)];
        Matrix[] lokr = [layer.Tensor("lokr_w1", 2, 2), layer.Tensor("lokr_w2", 2, 2)];
        Matrix block = layer.Tensor("miss_block", 2, 2, 2);
        using TinyFolder folder = new TinyFolder("{}", layer.Weight)
            .With("\"peft_type\": \"LOHA\", \"r\": 1, \"alpha\": 2", new AdapterRequest("", 0.5), loha)
            .With("\"peft_type\": \"LOKR\", \"r\": 1, \"alpha\": 1", lokr)
            .With("\"peft_type\": \"MISS\", \"r\": 2, \"init_weights\": \"bat\"", new AdapterRequest("", 0.25), block);

        double[] merged = (await folder.MergeTensors())[layer.Weight.Name];

        double[] added = layer.Plus(
            (o, i) => (loha[0][o, 0] * loha[1][0, i] * loha[2][o, 0] * loha[3][0, i]) + (lokr[0][o / 2, i / 2] * lokr[1][o % 2, i % 2])
        );
        double[] expected = [.. added.Select((value, place) => value + (0.25 * Mixed(place / 4, place % 4)))];
        Matrix.AssertNear(expected, merged);
        folder.Passed();

        double Mixed(int o, int i)
        {
            double Of(int row, int column) => block.Values[(((o / 2 * 2) + row) * 2) + column];
            return Of(o % 2, i % 2) + Enumerable.Range(0, 2).Sum(k => added[(o * 4) + (i / 2 * 2) + k] * Of(k, i % 2));
        }
    }
}
