using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Safetensors;

/// <summary>The disk did not take what was written.</summary>
[SuppressMessage("Design", "CA1032", Justification = "A fault without its path helps nobody.")]
internal sealed class DiskFlushException : IOException
{
    /// <param name="path">What was to be flushed.</param>
    /// <param name="answer">The system's words.</param>
    public DiskFlushException(string path, string answer)
        : base($"{answer} : '{path}'") => Path = path;

    /// <summary>A file or folder.</summary>
    public string Path { get; }
}
