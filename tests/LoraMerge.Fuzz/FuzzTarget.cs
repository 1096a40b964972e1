namespace LoraMerge.Fuzz;

/// <summary>A parser, and how it is fed.</summary>
/// <param name="Name">What the command line and the corpus call it.</param>
/// <param name="Feed">
/// Gives it an input, in a folder that holds nothing else, and answers whether it was accepted rather than refused by a coded fault.
/// Any other exception is a bug.
/// </param>
internal sealed record FuzzTarget(string Name, Func<byte[], ScratchFolder, bool> Feed)
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("header", HeaderTarget.Feed),
        new("index", IndexTarget.Feed),
        new("adapter", AdapterTarget.Feed),
        new("config", ConfigTarget.Feed),
        new("pickle", PickleTarget.Feed),
        new("gguf", GgufTarget.Feed),
        new("arguments", ArgumentsTarget.Feed),
        new("talker", TalkerTarget.Feed),
        new("manifest", ManifestTarget.Feed),
        new("lock", LockTarget.Feed),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static FuzzTarget Named(string name) =>
        All.FirstOrDefault(target => target.Name == name)
            ?? throw new ArgumentException($"'{name}' is none of {string.Join(", ", All.Select(target => target.Name))}.");
}
