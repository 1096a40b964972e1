namespace LoraMerge.Tests.Kinds.Deft;

/// <summary>Directions that are made orthonormal first.</summary>
public sealed class DeftQrTests : KindContract
{
    private protected override string PeftType => "DEFT";

    private protected override KindExample OfLinear(int outputs, int inputs) => DeftTests.Of(Layer.Linear(outputs, inputs), isOrthogonal: true);

    private protected override KindExample? OfTransposed(int outputs, int inputs) => DeftTests.Of(Layer.Transposed(outputs, inputs), isOrthogonal: true);
}
