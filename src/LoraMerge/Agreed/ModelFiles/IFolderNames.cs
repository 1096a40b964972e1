namespace LoraMerge.Agreed.ModelFiles;

/// <summary>The names in a folder, wherever they are known from. Folders within it are named with '/'; its own name is empty.</summary>
internal interface IFolderNames
{
    /// <summary>Names of the files in a folder.</summary>
    IReadOnlyList<string> FilesIn(string folder);

    /// <summary>Names of the folders in a folder.</summary>
    IReadOnlyList<string> FoldersIn(string folder);
}
