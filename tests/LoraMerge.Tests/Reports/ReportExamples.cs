using System.Collections.Immutable;
using System.Globalization;
using LoraMerge.Manifests;
using LoraMerge.Reports;

namespace LoraMerge.Tests.Reports;

/// <summary>Reports in code, of models that no test could merge.</summary>
internal static class ReportExamples
{
    private const string Hash = "0123456789abcdef0123456789abcdef";

    private static readonly (string Module, long Rows, long Columns)[] s_modules =
    [
        ("self_attn.q_proj", 8192, 8192), ("self_attn.k_proj", 1024, 8192), ("self_attn.v_proj", 1024, 8192), ("self_attn.o_proj", 8192, 8192),
        ("mlp.gate_proj", 28672, 8192), ("mlp.up_proj", 28672, 8192), ("mlp.down_proj", 8192, 28672),
    ];

    /// <summary>A Llama of 70 billion weights: all seven modules of 80 blocks, by two adapters of ranks 64 and 16.</summary>
    public static MergeReport Of70B()
    {
        var tensors = ImmutableArray.CreateBuilder<ReportedTensor>();
        for (int block = 0; block < 80; block++)
        {
            for (int module = 0; module < s_modules.Length; module++)
                tensors.Add(Tensor(block, module));
        }
        tensors.Add(
            Tensor(0, 0) with { Name = "lm_head.weight", Shape = [128256, 8192], RelativeChange = 0.0123456, ReplacedBy = "support-tone", Deltas = [] });
        return Of([.. tensors]) with
        {
            Warnings = [new("LORA2031", "'llama-3.3-70b' has no tokenizer."), new("LORA1120", "The limit of 1 GB is below what the merge holds.")],
        };
    }

    /// <summary>A report of chosen tensors.</summary>
    public static MergeReport Of(ImmutableArray<ReportedTensor> tensors) => new(
        ReportSource.Merge,
        new ManifestHead(
            "1.0.0", Hash, "support-70b",
            new ManifestBase("llama-3.3-70b", "3.3.0", Files("model", 30)),
            [
                new ManifestAdapter("support-tone", 1, "2.1.0", "[3.3,4)", "as written", Files("adapter_model", 1)),
                new ManifestAdapter("tickets", 0.5, null, null, "as written", Files("adapter_model", 1)),
            ],
            ImmutableSortedDictionary<string, string>.Empty.Add("combine", "sequential").Add("device", "auto").Add("dtype", "auto"),
            Files("model", 30)),
        new ReportedModel(723, 70_553_706_496, 141_107_412_992) { RelativeChange = 0.0214578, ChangedShare = 0.817263, KeptShare = 0.984712 },
        tensors)
    {
        Run = new ReportedRun(141_107_412_992, 141_107_412_992, tensors.Length, 431.27),
        Warnings = [],
    };

    private static ReportedTensor Tensor(int block, int module)
    {
        (string name, long rows, long columns) = s_modules[module];
        double wave = 0.5 + (0.5 * Math.Sin((block * 0.11) + (module * 1.7)));
        double change = Digits(0.004 * Math.Exp(2.2 * wave * (0.4 + (block / 80.0))));
        double norm = Digits(180 * change);
        return new ReportedTensor(
            string.Create(CultureInfo.InvariantCulture, $"model.layers.{block}.{name}.weight"), null,
            [new ReportedDelta("support-tone", "lora", 64, 0.353553, norm), new ReportedDelta("tickets", "lora", 16, 1, Digits(norm / 3))])
        {
            DType = "BF16",
            Shape = [rows, columns],
            ChangedShare = Digits(0.55 + (0.42 * wave)),
            WeightNorm = 180,
            DeltaNorm = norm,
            RelativeChange = change,
            KeptShare = Digits(0.93 + (0.0699 * wave)),
            SingularValues = [.. Enumerable.Range(0, 80).Select(i => Digits(norm * Math.Exp(-0.09 * i) / 2.4))],
        };
    }

    private static ImmutableSortedDictionary<string, string> Files(string name, int count) => Enumerable.Range(1, count)
        .ToImmutableSortedDictionary(
            i => string.Create(CultureInfo.InvariantCulture, $"{name}-{i:D5}-of-{count:D5}.safetensors"), _ => Hash, StringComparer.Ordinal);

    private static double Digits(double value) => double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
