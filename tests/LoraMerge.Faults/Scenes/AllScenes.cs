namespace LoraMerge.Faults.Scenes;

/// <summary>What can be tried, by name.</summary>
internal static class AllScenes
{
    public static IReadOnlyList<Func<Scene>> Makers { get; } = [.. OutputScene.All, .. FormatScene.All, .. StoreScene.All,
        .. PlacingScene.All, .. BuildScene.All, .. DotnetBuildScene.All];

    public static IReadOnlyList<string> Names { get; } = [.. Makers.Select(make => make().Name)];

    public static Scene Create(string name) =>
        Names.Contains(name) ? Makers[Names.ToList().IndexOf(name)]() : throw new ArgumentException($"'{name}' is none of {string.Join(", ", Names)}.");
}
