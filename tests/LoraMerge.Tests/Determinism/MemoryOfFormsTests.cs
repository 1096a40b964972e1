using System.Globalization;

namespace LoraMerge.Tests.Determinism;

/// <summary>The bounds of docs/performance.md: what a form holds beside a plain LoRA's merge of the same weight, by the peak of the whole process.</summary>
public sealed class MemoryOfFormsTests
{
    private const int Rank = OneLayerModel.Rank;
    private const long Piece = 8 << 20;

    /// <summary>What peaks of one and the same merge differ by.</summary>
    private const long Noise = 25_000_000;

    [Fact]
    public async Task DoRA_by_rows_holds_no_more_than_plain_lora()
    {
        using var model = new OneLayerModel(40_000, 500);
        long plain = await model.PeakBytesOfLora("");

        long peak = await model.PeakBytesOfLora("\"use_dora\": true", ("lora_magnitude_vector.weight", [40_000]));

        AssertWithin(plain, 0, peak);
        model.Passed();
    }

    [Fact]
    public async Task DoRA_by_columns_holds_a_number_for_each_and_a_piece()
    {
        using var model = new OneLayerModel(40_000, 500, isConv1D: true);
        long plain = await model.PeakBytesOfLora("");

        long peak = await model.PeakBytesOfLora("\"use_dora\": true", ("lora_magnitude_vector.weight", [500]));

        AssertWithin(plain, GroupOfPasses + Piece + (8 * 500), peak);
        model.Passed();
    }

    [Fact]
    public async Task OLoRA_holds_two_factors_and_a_piece()
    {
        using var model = new OneLayerModel(40_000, 500);
        long plain = await model.PeakBytesOfLora("");

        long peak = await model.PeakBytesOfLora("\"init_lora_weights\": \"olora\"");

        AssertWithin(plain, GroupOfPasses + Piece + (3 * 8 * Rank * 40_500), peak); // thrice while Q is computed
        model.Passed();
    }

    [Theory]
    [InlineData("\"init_lora_weights\": \"pissa\"", false)]
    [InlineData("\"kasa_config\": { \"beta\": 0.0001, \"gamma\": 0.001 }", true)]
    public async Task Singular_vectors_take_five_squares_of_the_shorter_side(string fields, bool hasDiagonal)
    {
        const long columns = 1400;
        using var model = new OneLayerModel(2500, columns);
        long plain = await model.PeakBytesOfLora("");

        long peak = await model.PeakBytesOfLora(fields, hasDiagonal ? ("lora_diag", [Rank]) : null);

        AssertWithin(plain, GroupOfPasses + Piece + (5 * columns * columns * 8), peak);
        model.Passed();
    }

    [Fact]
    public async Task A_weight_that_is_moved_towards_another_is_read_in_pieces()
    {
        using var model = new OneLayerModel(40_000, 1000);
        long plain = await model.PeakBytesOfLora("");

        long peak = await model.PeakBytesOfSaved(); // 160 MB of float32

        AssertWithin(plain, Piece, peak);
        model.Passed();
    }

    [Fact]
    public async Task Ways_on_products_hold_what_the_plan_says()
    {
        const long side = 1400;
        using var model = new OneLayerModel(side, side);
        long plain = await model.PeakBytesOfLora("");

        long peak = await model.PeakBytesOfLora("", more: null, adapters: 2, "--combine", "ties_svd", "--density", "0.5");

        AssertWithin(plain, side * side * (((2 + 10) * 4) + 40), peak);
        model.Passed();
    }

    /// <summary>A group of rows in the base's dtype, into which it is read once more.</summary>
    private const long GroupOfPasses = 2 << 18;

    private static void AssertWithin(long plain, long bound, long peak) =>
        Assert.True(
            peak <= plain + bound + Noise,
            string.Create(CultureInfo.InvariantCulture, $"{peak / 1e6:0} MB, where {plain / 1e6:0} of plain LoRA and {bound / 1e6:0} are the bound")
        );
}
