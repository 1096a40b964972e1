namespace LoraMerge.Tests.Kinds.Oft;

/// <summary>Rotations by the series of PEFT 0.16 and 0.17, whose last term counts twice.</summary>
public sealed class OftOfFirstSeriesTests : KindContract
{
    private protected override string PeftType => "OFT";

    private protected override KindExample OfLinear(int outputs, int inputs) =>
        OftTests.Of(Layer.Linear(outputs, inputs), "\"peft_version\": \"0.17.1\", \"oft_block_size\": 4, \"use_cayley_neumann\": true", fullLast: true);

    private protected override bool TellsSide(int dimension) => dimension == 1;
}
