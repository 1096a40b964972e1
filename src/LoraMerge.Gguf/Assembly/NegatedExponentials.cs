namespace LoraMerge.Gguf.Assembly;

/// <summary>-exp(x) of each element x: how fast a state fades, of which models store the logarithm.</summary>
internal sealed class NegatedExponentials(RowView before) : RowView(before.Shape)
{
    public override void Read(long firstRow, Span<float> destination)
    {
        before.Read(firstRow, destination);
        foreach (ref float element in destination)
            element = (float)-Math.Exp(element);
    }
}
