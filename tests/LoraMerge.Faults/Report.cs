using System.Diagnostics;
using System.Globalization;

namespace LoraMerge.Faults;

/// <summary>Prints what became of the points: a row for each trial, and what fell.</summary>
internal sealed class Report
{
    private const int MostComplaints = 4;

    private readonly TextWriter _output;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _tried;
    private int _fallen;

    public Report(TextWriter output)
    {
        _output = output;
        output.WriteLine("| scene | trial | points | hold | fall |");
        output.WriteLine("| --- | --- | ---: | ---: | ---: |");
    }

    public void Add(string scene, string trial, IReadOnlyList<PointResult> points)
    {
        int fallen = points.Count(point => !point.Holds);
        _tried += points.Count;
        _fallen += fallen;
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {scene} | {trial} | {points.Count} | {points.Count - fallen} | {fallen} |"));
        // Points that fall alike are shown as one.
        foreach (IGrouping<string, PointResult> alike in points.Where(point => !point.Holds).GroupBy(point => Describe(point.Complaints)))
        {
            foreach (PointResult point in alike)
                _output.WriteLine($"  {point.Point} at {point.Where}");
            _output.WriteLine(alike.Key);
        }
    }

    /// <returns>Whether all points hold.</returns>
    public bool End()
    {
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_tried} points, of which {_fallen} do not hold, in {_watch.Elapsed.TotalMinutes:0.0} min"));
        return _fallen == 0 && _tried > 0;
    }

    private static string Describe(IReadOnlyList<string> complaints)
    {
        IEnumerable<string> lines = complaints.Take(MostComplaints).Select(complaint => "    " + complaint.ReplaceLineEndings(" / "));
        return string.Join('\n', complaints.Count > MostComplaints ? lines.Append($"    and {complaints.Count - MostComplaints} more") : lines);
    }
}
