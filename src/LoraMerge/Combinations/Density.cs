using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace LoraMerge.Combinations;

/// <summary>A share of elements that are kept, from 0 to 1.</summary>
/// <param name="Value">The share.</param>
/// <param name="Text">As the user wrote it.</param>
public sealed record Density(double Value, string Text)
{
    /// <summary>A share that comes as a number.</summary>
    public static Density Of(double value) => new(value, value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Reads a number such as <c>0.5</c>; whether it is a share is seen when the merge is planned.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Density? density)
    {
        density = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? new Density(value, text) : null;
        return density is not null;
    }
}
