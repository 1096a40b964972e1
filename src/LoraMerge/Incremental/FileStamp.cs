namespace LoraMerge.Incremental;

/// <summary>Length and modification time of a file, those of the target where the file is a link.</summary>
/// <param name="ByteLength">Length in bytes.</param>
/// <param name="ModifiedTicks">Last write, UTC, in ticks.</param>
internal readonly record struct FileStamp(long ByteLength, long ModifiedTicks)
{
    /// <exception cref="FileNotFoundException">There is no such file, or it is a link to nothing.</exception>
    public static FileStamp Of(string path)
    {
        FileInfo file = LinkTarget.Of(new FileInfo(path)); // a model in a Hugging Face cache is a folder of links; .NET answers for the link itself
        return new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks);
    }
}
