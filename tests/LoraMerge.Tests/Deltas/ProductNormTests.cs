using LoraMerge.Deltas;
using LoraMerge.Devices;
using LoraMerge.Manifests;
using LoraMerge.Safetensors;
using LoraMerge.Writing;
using static TorchSharp.torch;

namespace LoraMerge.Tests.Deltas;

/// <summary>‖B·A‖ holds as far as float64 does, not as far as its square.</summary>
public sealed class ProductNormTests
{
    static ProductNormTests() => NativeLibraries.Load(null);

    [Theory]
    [InlineData(1, 1, 8)] // the root of 64 elements of 1
    [InlineData(1e155, 1, 8e155)]
    [InlineData(1e155, 1e150, 8e305)]
    [InlineData(1e-200, 1e-100, 8e-300)]
    [InlineData(5e-324, 1, 4e-323)]
    [InlineData(1e300, 1e300, double.PositiveInfinity)]
    [InlineData(0, 1e300, 0)]
    public void It_is_exact_to_the_edges_of_float64(double left, double right, double expected)
    {
        using var scope = NewDisposeScope();

        double norm = ProductNorm.Of(ones(8, 1, ScalarType.Float64).Times(left), ones(1, 8, ScalarType.Float64).Times(right));

        Assert.Equal(expected, norm, expected * 1e-15); // a root and two products, each rounded once
    }

    [Fact]
    public void Experts_are_summed()
    {
        using var scope = NewDisposeScope();

        double norm = ProductNorm.Of(ones(4, 2, 1), ones(4, 1, 2));

        Assert.Equal(4, norm); // 4 experts of 4 ones
    }

    [Fact]
    public void It_is_that_of_the_product_however_many_pieces_the_factors_have()
    {
        using var scope = NewDisposeScope();
        Tensor left = TensorArithmetic.CountFrom(0, 2_200_000, CPU).Modulo(7).Minus(3).view(-1, 2);
        Tensor right = TensorArithmetic.CountFrom(0, 3_000_000, CPU).Modulo(5).Minus(1).view(2, -1);

        double norm = ProductNorm.Of(left.to(ScalarType.BFloat16), right.to(ScalarType.Float32));

        double square = left.t().matmul(left).mul(right.matmul(right.t())).sum().item<long>(); // whole numbers, exact
        Assert.Equal(Math.Sqrt(square), norm, norm * 1e-14);
    }

    [Fact]
    public void It_is_0_without_elements()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(0, ProductNorm.Of(ones(0, 2), ones(2, 4)));
    }

    [Theory]
    [InlineData(1e155, 4e155)]
    [InlineData(1.5e308, null)] // of 4 such elements: beyond float64, which JSON has no word for
    public async Task A_manifest_holds_the_norm_of_a_change_whose_square_is_infinite(double value, double? expected)
    {
        using var bench = new Workbench(
            TinyCheckpoint.Empty.With("a.weight", DType.F64, [2, 2], 1, 2, 3, 4),
            TinyAdapter.Lora(1).Config("lora_alpha", 1).With("a.lora_A.weight", DType.F64, [1, 2], value, value)
                .With("a.lora_B.weight", DType.F64, [2, 1], expected is null ? [1, 1] : [2, 2]));

        MergeResult result = await bench.MergeAsync();

        ManifestDelta delta = Assert.Single(Assert.Single(result.Manifest.Tensors).Value.Deltas);
        Assert.Equal(expected, delta.Norm);
        MergeManifest written = MergeManifest.Read(Path.Combine(bench.OutputPath, MergeManifest.FileName));
        Assert.Equal(expected, Assert.Single(Assert.Single(written.Tensors).Value.Deltas).Norm);
        bench.Passed();
    }
}
