using System.Text.RegularExpressions;

namespace LoraMerge.Architectures.Names;

/// <summary>One step by which transformers turns the name of a tensor in a file into its name in the live model.</summary>
/// <param name="Order">Its place among the steps of its family; all of them act, one after another.</param>
internal abstract record NameStep(int Order)
{
    /// <param name="name">A name.</param>
    /// <param name="all">Whether one of all names of its side matches an expression: some steps act only then.</param>
    /// <returns>The name after this step.</returns>
    public abstract string Apply(string name, Func<Regex, bool> all);

    /// <summary>The first match of an expression, replaced once; <c>\1</c> stands for its group.</summary>
    public sealed record Rename(int Order, Regex From, string To) : NameStep(Order)
    {
        public override string Apply(string name, Func<Regex, bool> all) => Replace(name, From, To);
    }

    /// <summary>Renames that follow on each other (norm0 to norm1 beside norm1 to norm2): only where the first of them has something to rename.</summary>
    public sealed record Together(int Order, IReadOnlyList<Rename> Renames) : NameStep(Order)
    {
        public override string Apply(string name, Func<Regex, bool> all) =>
            all(Renames[0].From) && Renames.FirstOrDefault(rename => rename.From.IsMatch(name)) is Rename hit ? hit.Apply(name, all) : name;
    }

    /// <summary><c>under.prefix.X</c> becomes <c>under.X</c>.</summary>
    public sealed record RemovePrefix(int Order, string Prefix, string Under) : NameStep(Order)
    {
        public override string Apply(string name, Func<Regex, bool> all) =>
            name.StartsWith(Join(Under, Prefix), StringComparison.Ordinal) ? Join(Under) + name[Join(Under, Prefix).Length..] : name;
    }

    /// <summary><c>under.X</c> becomes <c>under.prefix.X</c>, unless it is there.</summary>
    public sealed record AddPrefix(int Order, string Prefix, string Under) : NameStep(Order)
    {
        public override string Apply(string name, Func<Regex, bool> all) =>
            name.StartsWith(Join(Under), StringComparison.Ordinal) && !name.StartsWith(Join(Under, Prefix), StringComparison.Ordinal)
                ? Join(Under, Prefix) + name[Join(Under).Length..] : name;
    }

    /// <summary>Replaces the first match of an expression by a text in which <c>\1</c> is the match's group.</summary>
    public static string Replace(string name, Regex from, string to) =>
        from.Match(name) is { Success: true } match
            ? string.Concat(
                name.AsSpan(0, match.Index),
                to.Replace(@"\1", match.Groups[1].Value, StringComparison.Ordinal),
                name.AsSpan(match.Index + match.Length)
            )
            : name;

    private static string Join(params string[] parts) => string.Concat(parts.Where(part => part.Length > 0).Select(part => part + "."));
}
