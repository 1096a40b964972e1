using LoraMerge.Agreed.Entries;
using LoraMerge.Agreed.Messages;
using LoraMerge.Diagnostics;

namespace LoraMerge.Requests;

/// <summary>Recognises what is often named in the place of a model or an adapter: a file of it that holds no weights, a project, a store.</summary>
internal static class InputKind
{
    private const string StoreKind = "a store of merged models";

    /// <exception cref="LoraMergeException">LORA1121.</exception>
    public static void ThrowIfForeign(string path)
    {
        if (KindOf(path) is not { } kind)
            return;
        string? folder = File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path)) : path;
        string remedy = folder is null ? "Name the model's folder."
            : PathGuess.IsAdapter(folder) || (kind != StoreKind && PathGuess.IsModel(folder)) ? $"Name its folder, '{folder}'."
            : kind == StoreKind
                ? $"'lora-merge cache list' shows what it holds{(PathGuess.ModelsIn(folder) is [string first, ..] ? $"; one of its models is '{first}'" : "")}."
            : "Name the folder of the model or adapter that it speaks of.";
        throw Errors.InputIsOfAnotherKind(path, kind, remedy);
    }

    private static string? KindOf(string path)
    {
        if (Directory.Exists(path))
            return EntryPlace.AllIn(path).Any() ? StoreKind : null;
        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".JSON" => "a JSON file",
            ".CSPROJ" or ".FSPROJ" or ".VBPROJ" or ".PROPS" or ".TARGETS" => "a project file",
            ".SLN" or ".SLNX" => "a solution",
            ".MD" or ".TXT" => "a text",
            _ => null,
        };
    }
}
