using System.Text.Json.Nodes;
using LoraMerge.Gguf.Tests.Golden;

namespace LoraMerge.Gguf.Tests.Readers;

/// <summary>
/// The forward pass of Llama, Qwen 2 and Qwen 3 in float64, written from the formulas over Hugging Face's tensors: halves of rope, not pairs; nothing
/// of GGUF.
/// </summary>
internal sealed class PlainDecoder(JsonNode config, ExactMerge weights, Func<string, bool> exists)
{
    private readonly int _heads = config["num_attention_heads"]!.GetValue<int>();
    private readonly int _headSize = config["head_dim"]?.GetValue<int>()
        ?? (config["hidden_size"]!.GetValue<int>() / config["num_attention_heads"]!.GetValue<int>());
    private readonly int _keyValueHeads = config["num_key_value_heads"]!.GetValue<int>();
    private readonly double _epsilon = config["rms_norm_eps"]!.GetValue<double>();
    private readonly JsonNode? _rope = config["rope_parameters"] ?? config["rope_scaling"];

    /// <summary>Logits behind the last token.</summary>
    public double[] Logits(int[] tokens)
    {
        double[][] x = [.. tokens.Select(token => Row("model.embed_tokens.weight", token))];
        for (int layer = 0; layer < config["num_hidden_layers"]!.GetValue<int>(); layer++)
        {
            string name = $"model.layers.{layer}.";
            double[][] normed = [.. x.Select(row => Norm(row, name + "input_layernorm.weight"))];
            double[][] attended = Attend(normed, name + "self_attn.");
            for (int i = 0; i < x.Length; i++)
            {
                x[i] = Sum(x[i], attended[i]);
                x[i] = Sum(x[i], FeedForward(Norm(x[i], name + "post_attention_layernorm.weight"), name + "mlp."));
            }
        }

        return Times(exists("lm_head.weight") ? "lm_head.weight" : "model.embed_tokens.weight", Norm(x[^1], "model.norm.weight"));
    }

    private double[][] Attend(double[][] x, string name)
    {
        double[][] q = [.. x.Select((row, position) => Turn(Project(row, name + "q_proj"), name + "q_norm.weight", position))];
        double[][] k = [.. x.Select((row, position) => Turn(Project(row, name + "k_proj"), name + "k_norm.weight", position))];
        double[][] v = [.. x.Select(row => Project(row, name + "v_proj"))];
        double[][] result = [.. x.Select(_ => new double[_heads * _headSize])];
        for (int i = 0; i < x.Length; i++)
        {
            for (int head = 0; head < _heads; head++)
            {
                int shared = head / (_heads / _keyValueHeads);
                double[] scores = [.. Enumerable.Range(0, i + 1).Select(j => Dot(q[i], head, k[j], shared) / Math.Sqrt(_headSize))];
                double largest = scores.Max(), total = scores.Sum(score => Math.Exp(score - largest));
                for (int j = 0; j <= i; j++)
                {
                    for (int d = 0; d < _headSize; d++)
                        result[i][(head * _headSize) + d] += Math.Exp(scores[j] - largest) / total * v[j][(shared * _headSize) + d];
                }
            }
        }

        return [.. result.Select(row => Project(row, name + "o_proj"))];
    }

    /// <summary>Norms each head where the model does, and turns its first half against its second.</summary>
    private double[] Turn(double[] x, string norm, int position)
    {
        for (int head = 0; head < x.Length / _headSize; head++)
        {
            Span<double> h = x.AsSpan(head * _headSize, _headSize);
            if (exists(norm))
                Norm(h.ToArray(), norm).CopyTo(h);
            for (int i = 0; i < _headSize / 2; i++)
            {
                (double sine, double cosine) = Math.SinCos(position * Frequency(i));
                (double a, double b) = (h[i], h[i + (_headSize / 2)]);
                (h[i], h[i + (_headSize / 2)]) = ((a * cosine) - (b * sine), (b * cosine) + (a * sine));
            }
        }

        return x;
    }

    private double Frequency(int i)
    {
        double theta = (config["rope_theta"] ?? _rope!["rope_theta"])!.GetValue<double>();
        double frequency = Math.Pow(theta, -2.0 * i / _headSize);
        if (_rope?["rope_type"]?.GetValue<string>() != "llama3")
            return frequency;
        double low = _rope["low_freq_factor"]!.GetValue<double>(), high = _rope["high_freq_factor"]!.GetValue<double>();
        double waves = _rope["original_max_position_embeddings"]!.GetValue<double>() * frequency / (2 * Math.PI); // in the old context
        double share = Math.Clamp((waves - low) / (high - low), 0, 1); // of the frequency as it was
        return (share * frequency) + ((1 - share) * frequency / _rope["factor"]!.GetValue<double>());
    }

    private double[] FeedForward(double[] x, string name)
    {
        double[] gate = Times(name + "gate_proj.weight", x), up = Times(name + "up_proj.weight", x);
        return Times(name + "down_proj.weight", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] Project(double[] x, string name)
    {
        double[] y = Times(name + ".weight", x);
        return exists(name + ".bias") ? Sum(y, weights[name + ".bias"].Values) : y;
    }

    private double[] Norm(double[] x, string name)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => value * value) + _epsilon);
        return [.. x.Zip(weights[name].Values, (value, weight) => value * scale * weight)];
    }

    private double[] Times(string name, double[] x)
    {
        Numbers weight = weights[name];
        double[] y = new double[weight.Shape[0]];
        for (int row = 0; row < y.Length; row++)
        {
            for (int i = 0; i < x.Length; i++)
                y[row] += weight.Values[(row * x.Length) + i] * x[i];
        }

        return y;
    }

    private double[] Row(string name, int row) => weights[name].Values[(row * (int)weights[name].RowLength)..((row + 1) * (int)weights[name].RowLength)];

    private double Dot(double[] q, int head, double[] k, int shared)
    {
        double sum = 0;
        for (int d = 0; d < _headSize; d++)
            sum += q[(head * _headSize) + d] * k[(shared * _headSize) + d];
        return sum;
    }

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
