using System.Globalization;
using System.Text;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>What an app can ask of a merged model by its name. None of it depends on what is in the inputs, so it is known before anything is merged.</summary>
/// <param name="Identifier">What the program calls the model.</param>
/// <param name="Name">The model's name.</param>
/// <param name="BaseName">The base model's.</param>
/// <param name="TargetPath">Below the output folder, with '/'.</param>
/// <param name="Adapters">Their names, in the order in which they are applied.</param>
/// <param name="Version">The base model's; empty where the project does not tell.</param>
/// <param name="FileName">The model's one weight file, in formats that have one whatever the model is; else null.</param>
internal sealed record ModelConstants(
    string Identifier, string Name, string BaseName, string TargetPath, IReadOnlyList<string> Adapters, string Version, string? FileName)
{
    /// <summary>The class that holds all of a project's models.</summary>
    public const string ClassName = "LoraModels";

    public static IReadOnlyList<ModelConstants> Of(IReadOnlyList<ModelRequest> requests)
    {
        IReadOnlyList<string> identifiers = ModelIdentifier.Of(requests.Select(request => request.Name));
        return [.. requests.Select((request, i) => new ModelConstants(
            identifiers[i],
            request.Name,
            request.Options.BaseName,
            request.TargetPath,
            [.. request.Options.Adapters.Select(adapter => adapter.Name)],
            request.Options.Values[OptionTable.BaseVersion] ?? "",
            FileNameOf(request)))];
    }

    /// <summary>One line that tells a reader which model this is.</summary>
    public string Summary => $"The merged model '{Name}': '{BaseName}' with {string.Join(", ", Adapters.Select(name => $"'{name}'"))}.";

    /// <summary>A text between quotation marks, as C# and F# read it.</summary>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char letter in text)
        {
            bool breaks = char.IsControl(letter) || char.GetUnicodeCategory(letter)
                is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format;
            quoted.Append(breaks ? FormattableString.Invariant($"\\u{(int)letter:X4}") : letter is '"' or '\\' ? $"\\{letter}" : letter.ToString());
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>The parts of <see cref="TargetPath"/>, quoted.</summary>
    public IEnumerable<string> QuotedPathParts => TargetPath.Split('/').Select(Quoted);

    private static string? FileNameOf(ModelRequest request)
    {
        OptionValues values = request.Options.Values;
        return values[OptionTable.Format] != OptionTable.Format.Default && values.Given(OptionTable.MaxShardSize) is null ? request.Name + ".gguf" : null;
    }
}
