namespace LoraMerge.Agreed.ModelFiles;

/// <summary>As what an address was fetched, in the words of files on disk.</summary>
internal static class InputRole
{
    public const string Base = "base";
    public const string Adapter = "adapter";
}
