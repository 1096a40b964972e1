using LoraMerge.Adapters;
using LoraMerge.Diagnostics;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Kinds;

public sealed class ExpertTests
{
    private const int Experts = 3;
    private const int Rank = 2;
    private const int Hidden = 4;
    private const int Inner = 5;
    private const string Config = """{ "model_type": "mixtral", "tie_word_embeddings": false, "hidden_size": 4 }""";
    private const string Fields = "\"r\": 2, \"target_parameters\": [\"experts.gate_up_proj\", \"experts.down_proj\"]";

    private static readonly Matrix GateUp = Matrix.Of("mlp.experts.gate_up_proj", Experts, 2 * Inner, Hidden);
    private static readonly Matrix Down = Matrix.Of("mlp.experts.down_proj", Experts, Hidden, Inner);
    private static readonly Matrix DownA = Matrix.Of("mlp.experts.lora_A.weight", Rank * Experts, Inner);
    private static readonly Matrix DownB = Matrix.Of("mlp.experts.lora_B.weight", Hidden, Rank * Experts);
    private static readonly Matrix GateUpA = Matrix.Of("mlp.experts.base_layer.lora_A.weight", Rank * Experts, Hidden);
    private static readonly Matrix GateUpB = Matrix.Of("mlp.experts.base_layer.lora_B.weight", 2 * Inner, Rank * Experts);

    [Theory]
    [InlineData(ExpertLayout.Peft)]
    [InlineData(ExpertLayout.Unsloth)]
    public async Task The_columns_of_B_are_sorted_by_layout(ExpertLayout layout)
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With(
            Fields,
            new AdapterRequest("") { ExpertLayout = layout },
            DownA,
            DownB,
            GateUpA,
            GateUpB
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(GateUp, GateUpB, GateUpA, layout), merged[GateUp.Name]);
        Matrix.AssertNear(Expected(Down, DownB, DownA, layout), merged[Down.Name]);
        folder.Passed();
    }

    /// <summary>unslothai/unsloth-zoo#1232: the file says it since September 2026; what is asked for goes before, with a warning.</summary>
    [Theory]
    [InlineData("rank_major", null, ExpertLayout.Peft, false)]
    [InlineData("grouped_by_expert", null, ExpertLayout.Unsloth, false)]
    [InlineData("grouped_by_expert", ExpertLayout.Unsloth, ExpertLayout.Unsloth, false)]
    [InlineData("grouped_by_expert", ExpertLayout.Peft, ExpertLayout.Peft, true)]
    [InlineData("rank_major", ExpertLayout.Unsloth, ExpertLayout.Unsloth, true)]
    public async Task The_layout_is_the_one_that_the_file_states(string stated, ExpertLayout? asked, ExpertLayout taken, bool isContradicted)
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down)
            .With($"{Fields}, \"lora_B_layout\": \"{stated}\"", new AdapterRequest("") { ExpertLayout = asked }, DownA, DownB, GateUpA, GateUpB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(GateUp, GateUpB, GateUpA, taken), merged[GateUp.Name]);
        Matrix.AssertNear(Expected(Down, DownB, DownA, taken), merged[Down.Name]);
        Assert.Equal(isContradicted ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.ExpertLayoutContradicted));
        folder.Passed();
    }

    /// <summary>unslothai/unsloth#5410, unslothai/unsloth#6930: files of before say nothing, but whose they are.</summary>
    [Theory]
    [InlineData("\"auto_mapping\": { \"unsloth_fixed\": true }", null, ExpertLayout.Unsloth, true)]
    [InlineData("\"auto_mapping\": { \"unsloth_fixed\": true }", ExpertLayout.Peft, ExpertLayout.Peft, false)]
    [InlineData("\"base_model_name_or_path\": \"unsloth/Qwen3-30B-A3B\"", null, ExpertLayout.Peft, true)]
    [InlineData("\"base_model_name_or_path\": \"Qwen/Qwen3-30B-A3B\"", null, ExpertLayout.Peft, false)]
    public async Task A_file_of_unsloth_that_states_no_layout_is_read_as_unsloth_trained_it(
        string shown, ExpertLayout? asked, ExpertLayout taken, bool isAssumed)
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down)
            .With($"{Fields}, {shown}", new AdapterRequest("") { ExpertLayout = asked }, DownA, DownB, GateUpA, GateUpB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(GateUp, GateUpB, GateUpA, taken), merged[GateUp.Name]);
        Assert.Equal(isAssumed ? 1 : 0, folder.Warnings.Count(warning => warning.Code == DiagnosticCode.ExpertLayoutAssumed));
        folder.Passed();
    }

    [Fact]
    public async Task Of_rank_one_both_layouts_are_one_and_nothing_is_said()
    {
        Matrix a = Matrix.Of("mlp.experts.lora_A.weight", Experts, Inner), b = Matrix.Of("mlp.experts.lora_B.weight", Hidden, Experts);
        using TinyFolder folder = new TinyFolder(Config, Down)
            .With("\"target_parameters\": [\"mlp.experts.down_proj\"], \"auto_mapping\": { \"unsloth_fixed\": true }", a, b);

        await folder.Merge();

        Assert.DoesNotContain(folder.Warnings, warning => warning.Code == DiagnosticCode.ExpertLayoutAssumed);
        folder.Passed();
    }

    [Theory]
    [InlineData("\"r\": 2", false)]
    [InlineData("\"r\": 2, \"target_parameters\": [\"router.weight\"]", false)]
    [InlineData("\"r\": 2, \"target_parameters\": [\"router.weight\"]", true)]
    public async Task Pairs_of_parameters_that_the_config_does_not_name_are_told(string fields, bool areBoth)
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With(fields, areBoth ? [DownA, DownB, GateUpA, GateUpB] : [DownA, DownB]);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.TargetParametersMissing, code);
        folder.Passed();
    }

    /// <summary>prime-rl and SkyRL write what vLLM reads: both pairs of fused experts, without their names.</summary>
    [Fact]
    public async Task Both_pairs_of_fused_experts_are_known_by_their_nesting()
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With("\"r\": 2, \"target_modules\": [\"experts\"]", DownA, DownB, GateUpA, GateUpB);

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(GateUp, GateUpB, GateUpA, ExpertLayout.Peft), merged[GateUp.Name]);
        Matrix.AssertNear(Expected(Down, DownB, DownA, ExpertLayout.Peft), merged[Down.Name]);
        Assert.Single(folder.Warnings, warning => warning.Code == DiagnosticCode.TargetParametersAssumed);
        folder.Passed();
    }

    [Fact]
    public async Task A_layout_that_nobody_has_is_an_error()
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down)
            .With($"{Fields}, \"lora_B_layout\": \"column_major\"", DownA, DownB, GateUpA, GateUpB);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.AdapterConfigInvalid, code);
        folder.Passed();
    }

    [Theory]
    [InlineData("mlp.experts.lora_magnitude_vector", "\"use_dora\": true")]
    [InlineData("mlp.experts.base_layer.lora_B.bias", "\"lora_bias\": true")]
    [InlineData("mlp.experts.lora_diag", "\"kasa_config\": { \"beta\": 1 }")]
    public async Task What_pairs_of_parameters_do_not_have_is_named_and_not_dropped(string name, string fields)
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With($"{Fields}, {fields}", DownA, DownB, GateUpA, GateUpB, Matrix.Of(name, Hidden));

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.AdapterTensorUnknown, code);
        folder.Passed();
    }

    [Fact]
    public async Task Where_keys_overlap_the_rank_of_the_tensors_chooses()
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With(
            Fields.Replace("2", "7", StringComparison.Ordinal)
                + ", \"rank_pattern\": { \".*proj\": 3, \"down_proj|gate_up_proj\": 2 }, \"alpha_pattern\": { \"down_proj\": 4, \"gate_up_proj\": 4 }",
            DownA,
            DownB,
            GateUpA,
            GateUpB
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(Down, DownB, DownA, ExpertLayout.Peft, 2), merged[Down.Name]);
        Matrix.AssertNear(Expected(GateUp, GateUpB, GateUpA, ExpertLayout.Peft, 2), merged[GateUp.Name]);
        Assert.Empty(folder.Warnings);
        folder.Passed();
    }

    [Fact]
    public async Task Where_keys_of_alpha_overlap_the_first_is_taken_with_a_warning()
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With(
            Fields + ", \"alpha_pattern\": { \".*down_proj\": 4, \"down_proj\": 6 }",
            DownA,
            DownB,
            GateUpA,
            GateUpB
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(Down, DownB, DownA, ExpertLayout.Peft, 2), merged[Down.Name]);
        MergeEvent.Warning warning = Assert.Single(folder.Warnings);
        Assert.Equal(DiagnosticCode.PatternOrderAmbiguous, warning.Code);
        Assert.Contains("mlp.experts.down_proj", warning.Text, StringComparison.Ordinal);
        folder.Passed();
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(3_000_000_000, 0)]
    public async Task Fused_experts_without_a_number_are_no_experts(long experts, long hidden)
    {
        using TinyFolder folder = new TinyFolder(Config, Matrix.Of(Down.Name, experts, hidden, Inner)).With(Fields, DownA, DownB);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ModuleNotInBase, code);
        folder.Passed();
    }

    [Theory]
    [InlineData(ExpertLayout.Peft)]
    [InlineData(ExpertLayout.Unsloth)]
    public async Task Experts_with_tensors_of_their_own_get_their_part(ExpertLayout layout)
    {
        Matrix[] parts =
        [
            .. Enumerable
                .Range(0, Experts)
                .SelectMany(e =>
                    (Matrix[])
                        [
                            Part(GateUp, e, 0, Inner, $"block_sparse_moe.experts.{e}.w1.weight"),
                            Part(GateUp, e, Inner, Inner, $"block_sparse_moe.experts.{e}.w3.weight"),
                            Part(Down, e, 0, Hidden, $"block_sparse_moe.experts.{e}.w2.weight"),
                        ]
                ),
        ];
        using TinyFolder folder = new TinyFolder(Config, [.. parts.Select(part => part.Named("model." + part.Name))]).With(
            Fields,
            new AdapterRequest("") { ExpertLayout = layout },
            [.. ((Matrix[])[DownA, DownB, GateUpA, GateUpB]).Select(m => m.Named("model." + m.Name))]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        double[] gateUp = Expected(GateUp, GateUpB, GateUpA, layout);
        Matrix.AssertNear(gateUp[(2 * Inner * Hidden)..(3 * Inner * Hidden)], merged["model.block_sparse_moe.experts.1.w1.weight"]);
        Matrix.AssertNear(gateUp[^(Inner * Hidden)..], merged["model.block_sparse_moe.experts.2.w3.weight"]);
        Matrix.AssertNear(Expected(Down, DownB, DownA, layout)[..(Hidden * Inner)], merged["model.block_sparse_moe.experts.0.w2.weight"]);
        Assert.Equal("as transformers renames them", folder.NameRule());
        folder.Passed();
    }

    [Fact]
    public async Task Factors_that_fit_only_the_other_way_are_transposed()
    {
        Matrix turned = Matrix.Of("mlp.experts.down_proj", Experts, Inner, Hidden);
        using TinyFolder folder = new TinyFolder(Config, turned).With("\"r\": 2, \"target_parameters\": [\"mlp.experts.down_proj\"]", DownA, DownB);

        double[] merged = (await folder.Merge()).Tensors[turned.Name];

        double[] expected =
        [
            .. Enumerable
                .Range(0, Experts)
                .SelectMany(e =>
                    Matrix.Add(Part(turned, e, 0, Inner, "").AsDoubles(), ColumnsOf(DownB, e, ExpertLayout.Peft), RowsOf(DownA, e), 1, isTransposed: true)
                ),
        ];
        Matrix.AssertNear(expected, merged);
        folder.Passed();
    }

    [Fact]
    public void A_group_of_rows_may_end_within_an_expert()
    {
        const int large = 200;
        Matrix weight = Matrix.Of("mlp.experts.down_proj", Experts, large, large);
        Matrix a = Matrix.Of("mlp.experts.lora_A.weight", Rank * Experts, large);
        Matrix b = Matrix.Of("mlp.experts.lora_B.weight", large, Rank * Experts);
        using TinyFolder folder = new TinyFolder(Config, weight).With("\"r\": 2, \"target_parameters\": [\"mlp.experts.down_proj\"]", a, b);

        double[] merged = GroupedPlan.Run(GroupedPlan.Of(folder.Plan()))[weight.Name];

        Matrix.AssertNear(
            [
                .. Enumerable
                    .Range(0, Experts)
                    .SelectMany(e => Matrix.Add(Part(weight, e, 0, large, "").AsDoubles(), ColumnsOf(b, e, ExpertLayout.Peft), RowsOf(a, e), 1)),
            ],
            merged
        );
        folder.Passed();
    }

    [Fact]
    public async Task A_parameter_without_the_name_of_its_module_is_found()
    {
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With("\"r\": 2, \"target_parameters\": [\"down_proj\"]", DownA, DownB);

        double[] merged = (await folder.Merge()).Tensors[Down.Name];

        Matrix.AssertNear(Expected(Down, DownB, DownA, ExpertLayout.Peft), merged);
        folder.Passed();
    }

    [Fact]
    public async Task A_router_is_a_plain_matrix()
    {
        Matrix router = Matrix.Of("mlp.gate.weight", Experts, Hidden);
        Matrix a = Matrix.Of("mlp.gate.lora_A.weight", Rank, Hidden);
        Matrix b = Matrix.Of("mlp.gate.lora_B.weight", Experts, Rank);
        using TinyFolder folder = new TinyFolder(Config, router).With("\"r\": 2, \"target_parameters\": [\"mlp.gate.weight\"]", a, b);

        double[] merged = (await folder.Merge()).Tensors[router.Name];

        Matrix.AssertNear(Matrix.Add(router.AsDoubles(), b, a, 1), merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("mixtral", "0.18.1", true, false)]
    [InlineData("mixtral", "0.19.0", true, false)]
    [InlineData("mixtral", "0.21.2", false, false)]
    [InlineData("gpt_oss", "0.18.0", true, false)]
    [InlineData("gpt_oss", "0.19.0", false, false)]
    [InlineData("gpt_oss", "0.20.0", true, true)]
    public async Task A_square_parameter_lies_as_its_release_laid_it(string family, string version, bool isTransposed, bool isAssumed)
    {
        Matrix square = Matrix.Of("mlp.experts.down_proj", Experts, Hidden, Hidden);
        Matrix a = Matrix.Of("mlp.experts.lora_A.weight", Rank * Experts, Hidden);
        string config = $$"""{ "model_type": "{{family}}", "tie_word_embeddings": false }""";
        using TinyFolder folder = new TinyFolder(config, square).With(
            $"\"peft_version\": \"{version}\", \"r\": 2, \"target_parameters\": [\"mlp.experts.down_proj\"]",
            a,
            DownB
        );

        double[] merged = (await folder.Merge()).Tensors[square.Name];

        Matrix.AssertNear(
            [
                .. Enumerable
                    .Range(0, Experts)
                    .SelectMany(e =>
                        Matrix.Add(Part(square, e, 0, Hidden, "").AsDoubles(), ColumnsOf(DownB, e, ExpertLayout.Peft), RowsOf(a, e), 1, isTransposed)
                    ),
            ],
            merged
        );
        Assert.Equal(isAssumed, folder.Warnings.Any(warning => warning.Code == DiagnosticCode.ExpertOrientationAssumed));
        folder.Passed();
    }

    [Fact]
    public async Task Projections_of_single_experts_find_their_place_in_fused_ones()
    {
        Matrix a = Matrix.Of("mlp.experts.1.up_proj.lora_A.weight", 1, Hidden);
        Matrix b = Matrix.Of("mlp.experts.1.up_proj.lora_B.weight", Inner, 1);
        using TinyFolder folder = new TinyFolder(Config, GateUp, Down).With("", a, b);

        double[] merged = (await folder.Merge()).Tensors[GateUp.Name];

        double[] expected = GateUp.AsDoubles();
        int start = (2 * Inner * Hidden) + (Inner * Hidden);
        Matrix.Add(expected[start..(start + (Inner * Hidden))], b, a, 2).CopyTo(expected, start);
        Matrix.AssertNear(expected, merged);
        folder.Passed();
    }

    [Theory]
    [InlineData("block_sparse_moe.experts")]
    [InlineData("mlp.experts")]
    public async Task Granite_calls_fused_experts_otherwise_in_its_files(string module)
    {
        Matrix[] stored = [GateUp.Named("model.block_sparse_moe.input_linear.weight"), Down.Named("model.block_sparse_moe.output_linear.weight")];
        using TinyFolder folder = new TinyFolder(Config, stored).With(
            Fields,
            [.. ((Matrix[])[DownA, DownB, GateUpA, GateUpB]).Select(m => m.Named("model." + m.Name.Replace("mlp.experts", module, StringComparison.Ordinal)))]
        );

        Dictionary<string, double[]> merged = (await folder.Merge()).Tensors;

        Matrix.AssertNear(Expected(GateUp, GateUpB, GateUpA, ExpertLayout.Peft), merged[stored[0].Name]);
        Matrix.AssertNear(Expected(Down, DownB, DownA, ExpertLayout.Peft), merged[stored[1].Name]);
        folder.Passed();
    }

    [Fact]
    public async Task Another_number_of_experts_is_an_error()
    {
        using TinyFolder folder = new TinyFolder(Config, Down).With("\"r\": 3, \"target_parameters\": [\"mlp.experts.down_proj\"]", DownA, DownB);

        DiagnosticCode code = await folder.MergeFails();

        Assert.Equal(DiagnosticCode.ExpertShapeMismatch, code);
        folder.Passed();
    }

    private static double[] Expected(Matrix fused, Matrix b, Matrix a, ExpertLayout layout, double scaling = 1) =>
        [
            .. Enumerable
                .Range(0, Experts)
                .SelectMany(e => Matrix.Add(Part(fused, e, 0, (int)fused.Shape[1], "").AsDoubles(), ColumnsOf(b, e, layout), RowsOf(a, e), scaling)),
        ];

    private static Matrix RowsOf(Matrix a, int expert) => Part(a with { Shape = [Experts, Rank, a.Shape[1]] }, expert, 0, Rank, "");

    private static Matrix ColumnsOf(Matrix b, int expert, ExpertLayout layout) =>
        new(
            "",
            [b.Shape[0], Rank],
            [
                .. from o in Enumerable.Range(0, (int)b.Shape[0])
                from r in Enumerable.Range(0, Rank)
                select (float)b[o, layout == ExpertLayout.Peft ? (r * Experts) + expert : (expert * Rank) + r],
            ]
        );

    private static Matrix Part(Matrix fused, int expert, int firstRow, int rows, string name)
    {
        int width = (int)fused.Shape[2];
        int start = (expert * (int)fused.Shape[1] * width) + (firstRow * width);
        return new Matrix(name, [rows, width], fused.Values[start..(start + (rows * width))]);
    }
}
