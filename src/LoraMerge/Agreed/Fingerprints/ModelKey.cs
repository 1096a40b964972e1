using System.Text;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>The fingerprint of everything that decides a merged model: equal keys, equal bytes.</summary>
internal static class ModelKey
{
    /// <summary>To be raised when what the key covers, or how it is written, changes within a version.</summary>
    private const int Revision = 1;

    /// <param name="toolVersion"><see cref="ToolVersion.Current"/>.</param>
    /// <param name="options">Everything but the files.</param>
    /// <param name="inputs">All files: those of the base first, then adapter by adapter, each in ordinal order.</param>
    /// <returns>32 hexadecimal digits.</returns>
    public static string Compute(string toolVersion, ModelOptions options, IEnumerable<HashedInput> inputs)
    {
        var text = new StringBuilder();
        text.Append("lora-merge key ").Append(Revision).Append('\n');
        text.Append("tool ").Append(toolVersion).Append('\n');
        foreach (string line in options.ToLines())
            text.Append(line).Append('\n');
        foreach (HashedInput input in inputs)
            text.Append("input ").Append(input.Root.Label).Append(' ').Append(input.Hash).Append(' ').Append(input.File.RelativePath).Append('\n');
        return ContentHash.OfText(text.ToString());
    }
}
