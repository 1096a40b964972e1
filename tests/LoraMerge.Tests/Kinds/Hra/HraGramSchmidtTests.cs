namespace LoraMerge.Tests.Kinds.Hra;

/// <summary>Reflections whose normals are made orthonormal first.</summary>
public sealed class HraGramSchmidtTests : KindContract
{
    private protected override string PeftType => "HRA";

    private protected override KindExample OfLinear(int outputs, int inputs) => HraTests.Of(Layer.Linear(outputs, inputs), isOrthonormalised: true);

    private protected override bool TellsSide(int dimension) => dimension == 1;
}
