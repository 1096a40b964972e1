namespace LoraMerge.Agreed.ModelFiles;

/// <summary>Length and modification time of a file, those of the target where the file is a link.</summary>
/// <param name="ByteLength">Length in bytes.</param>
/// <param name="ModifiedTicks">Last write, UTC, in ticks.</param>
internal readonly record struct FileStamp(long ByteLength, long ModifiedTicks)
{
    private static readonly long s_noTime = DateTime.MaxValue.Ticks;

    /// <summary>Of a file that is known by its contents only.</summary>
    public static FileStamp WithoutTime(long byteLength) => new(byteLength, s_noTime);

    /// <summary>Whether the time can be told. Of a file without one, equal stamps say nothing.</summary>
    public bool HasTime => ModifiedTicks != s_noTime;

    /// <exception cref="FileNotFoundException">There is no such file, or it is a link to nothing.</exception>
    public static FileStamp Of(string path)
    {
        // A model in a Hugging Face cache is a folder of links; .NET gives the length and time of the link itself.
        var file = new FileInfo(RealPath.IsLink(path) ? RealPath.Of(path) : path);
        return new FileStamp(file.Length, TimeOf(file)?.Ticks ?? s_noTime);
    }

    /// <returns>
    /// When a file was last written, UTC; null where that lies outside of the years 1 to 9999, which file systems can store and .NET cannot say.
    /// </returns>
    public static DateTime? TimeOf(string path) => TimeOf(new FileInfo(path));

    private static DateTime? TimeOf(FileInfo file)
    {
        try
        {
            return file.LastWriteTimeUtc;
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}
