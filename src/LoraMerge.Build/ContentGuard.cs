using Microsoft.Build.Framework;

namespace LoraMerge.Build;

/// <summary>
/// Refuses a merged model whose place other content of the project goes to as well: one would overwrite the other, and publishing would end in NETSDK1152,
/// which names neither.
/// </summary>
internal sealed class ContentGuard
{
    private static readonly string[] s_copies = ["Always", "PreserveNewest", "IfDifferent"];

    private readonly List<ITaskItem> _copied;
    private readonly FaultLog _faults;

    /// <param name="content">Content and other items with TargetPath.</param>
    /// <param name="isPublished">Whether the models are published.</param>
    /// <param name="faults">Where it is said.</param>
    public ContentGuard(IEnumerable<ITaskItem> content, bool isPublished, FaultLog faults)
    {
        _faults = faults;
        _copied = [.. content.Where(item => IsCopied(item, isPublished))];
    }

    /// <summary>Before the long work: most files of a merged model have the names of the base's.</summary>
    /// <exception cref="IOException">The base cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The base cannot be read.</exception>
    public void CheckBeforeMerge(ModelRequest request)
    {
        if (IsAnyIn(request))
            Check(request, request.ListBase().Files.Select(file => file.RelativePath));
    }

    /// <param name="request">The model.</param>
    /// <param name="files">Its files, below its folder, with '/'.</param>
    public void Check(ModelRequest request, IEnumerable<string> files)
    {
        if (!IsAnyIn(request))
            return;
        HashSet<string> places = new(files.Select(file => $"{request.TargetPath}/{file}"), InputGuard.Paths);
        if (_copied.Find(item => places.Contains(PlaceOf(item))) is { } met)
            _faults.Error(request.BaseItem, BuildErrors.ContentMeetsModel(request.Name, PlaceOf(met), met.ItemSpec, request.Options.Adapters[0].Name));
    }

    private bool IsAnyIn(ModelRequest request) =>
        _copied.Exists(item => PlaceOf(item).StartsWith(request.TargetPath + "/", StringComparison.OrdinalIgnoreCase));

    private static string PlaceOf(ITaskItem item) => item.GetMetadata("TargetPath").Replace('\\', '/');

    private static bool IsCopied(ITaskItem item, bool isPublished)
    {
        string output = item.GetMetadata("CopyToOutputDirectory"), publish = item.GetMetadata("CopyToPublishDirectory");
        return s_copies.Contains(output, StringComparer.OrdinalIgnoreCase) || (isPublished && s_copies.Contains(publish, StringComparer.OrdinalIgnoreCase));
    }
}
