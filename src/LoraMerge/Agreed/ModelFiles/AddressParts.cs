namespace LoraMerge.Agreed.ModelFiles;

/// <summary>What an address consists of, before any of it is found to be right.</summary>
/// <param name="Kind">What the hub writes before a namespace, such as <c>datasets</c>; null where there is none.</param>
/// <param name="Path">Namespace, name and the folders behind, as far as they are there.</param>
/// <param name="Revision">All that stands behind the <c>@</c>; null where there is none.</param>
internal sealed record AddressParts(string? Kind, IReadOnlyList<string> Path, string? Revision)
{
    /// <summary>What the hub writes before the namespace of a model, where it writes anything.</summary>
    public const string Models = "models";

    private static readonly string[] s_kinds = [Models, "datasets", "spaces", "kernels", "buckets"];

    /// <param name="address">A text that <see cref="AddressScheme.Begins"/> as an address does.</param>
    public static AddressParts Of(string address)
    {
        string rest = address.Substring(AddressScheme.Text.Length);
        int at = rest.IndexOf('@');
        string[] path = (at < 0 ? rest.TrimEnd('/') : rest.Substring(0, at)).Split('/');
        string? kind = s_kinds.Contains(path[0], StringComparer.Ordinal) ? path[0] : null;
        return new AddressParts(kind, kind is null ? path : [.. path.Skip(1)], at < 0 ? null : rest.Substring(at + 1));
    }
}
