using System.Text.Json;

namespace LoraMerge.Faults;

/// <summary>What became of one point of a trial.</summary>
/// <param name="Point">Its name, by which it can be repeated.</param>
/// <param name="Where">What happened there; null while it has just begun.</param>
/// <param name="Complaints">What did not hold.</param>
internal sealed record PointResult(string Point, string? Where, IReadOnlyList<string> Complaints)
{
    public bool Holds => Complaints.Count == 0;

    public static PointResult Begun(string point) => new(point, null, []);

    /// <summary>A line for the process that waits for it.</summary>
    public string ToLine() => JsonSerializer.Serialize(this);

    public static PointResult Parse(string line) => JsonSerializer.Deserialize<PointResult>(line)!;
}
