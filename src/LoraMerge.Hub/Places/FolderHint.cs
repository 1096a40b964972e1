using System.Text.RegularExpressions;
using LoraMerge.Agreed.Messages;

namespace LoraMerge.Hub.Places;

/// <summary>What was probably meant by an address that leads to no model, told by the files that the repository has. Sentences with a space in front.</summary>
internal static partial class FolderHint
{
    /// <summary>As many as a line of a message can hold.</summary>
    private const int MostNames = 5;

    /// <summary>For a folder that is not there: a file, part of a page's address, or a slip of the pen.</summary>
    public static string ForMissing(string address, string subfolder, IReadOnlyCollection<string> paths)
    {
        if (paths.Contains(subfolder))
            return " That is a file, and an address names a repository or a folder of it: fetch the file, from its page or with 'hf download', and name it "
                + "in place of the address.";
        if (PartOfPage.Match(subfolder) is { Success: true } page && address.EndsWith("/" + subfolder, StringComparison.Ordinal))
            return $" In an address the revision stands behind '@': '{address[..^(subfolder.Length + 1)]}{page.Groups["folder"].Value}@"
                + $"{page.Groups["revision"].Value}'.";
        string[] folders = [.. paths.Select(FolderOf).Where(folder => folder.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return Spelling.Nearest(subfolder, folders) is string near ? $" Did you mean '{near}'?"
            : folders.Length is 0 ? " It has no folders: leave it out."
            : folders.Length <= MostNames ? $" It has {Quoted(folders)}. Correct the folder."
            : " Correct the folder.";
    }

    /// <summary>For what holds no adapter itself.</summary>
    public static string ForAdapter(string address, IEnumerable<string> paths) =>
        For(address, paths, name => name.Equals(DialectFiles.Peft.Config, FileNames.Comparison), "an adapter");

    /// <summary>For what holds no weights of a model itself.</summary>
    public static string ForModel(string address, IEnumerable<string> paths) => For(
        address, paths, name => name.StartsWith("model", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal), "a model");

    private static string For(string address, IEnumerable<string> paths, Func<string, bool> isOne, string what)
    {
        string[] folders = [.. paths.Where(path => FolderOf(path).Length > 0 && isOne(Path.GetFileName(path))).Select(FolderOf)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return folders.Length == 0 ? ""
            : $" There is {what} in {Quoted([.. folders.Take(MostNames)])}{(folders.Length > MostNames ? " and other folders" : "")}: write, for instance, "
                + $"'{address.TrimEnd('/')}/{folders[0]}'.";
    }

    private static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and int slash ? path[..slash] : "";

    private static string Quoted(string[] names) => string.Join(", ", names.Select(name => $"'{name}'"));

    [GeneratedRegex("^(?:tree/(?<revision>[^/]+)(?<folder>/.+)?|(?:blob|resolve)/(?<revision>[^/]+)(?:(?<folder>/.+?)?/[^/]+)?)$")]
    private static partial Regex PartOfPage { get; }
}
