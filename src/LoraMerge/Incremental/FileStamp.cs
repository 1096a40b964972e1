#if NETSTANDARD
using System.Reflection;
#endif

namespace LoraMerge.Incremental;

/// <summary>Length and modification time of a file, those of the target where the file is a link.</summary>
/// <param name="ByteLength">Length in bytes.</param>
/// <param name="ModifiedTicks">Last write, UTC, in ticks.</param>
internal readonly record struct FileStamp(long ByteLength, long ModifiedTicks)
{
    /// <exception cref="FileNotFoundException">There is no such file, or it is a link to nothing.</exception>
    public static FileStamp Of(string path)
    {
        FileInfo file = Resolve(new FileInfo(path));
        return new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks);
    }

    // A model in a Hugging Face cache is a folder of links; .NET answers for the link itself.
    private static FileInfo Resolve(FileInfo file)
    {
        if (!file.Exists || (file.Attributes & FileAttributes.ReparsePoint) == 0)
            return file;
#if NETSTANDARD
        // Not in .NET Standard, yet there at run time wherever links are usual.
        MethodInfo? resolve = typeof(FileSystemInfo).GetMethod("ResolveLinkTarget", [typeof(bool)]);
        return resolve?.Invoke(file, [true]) as FileInfo ?? file;
#else
        return file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
#endif
    }
}
