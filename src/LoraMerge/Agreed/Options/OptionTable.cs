namespace LoraMerge.Agreed.Options;

/// <summary>Every option of a merge, once. The order is that of help and of keys.</summary>
internal static class OptionTable
{
    /// <summary>More threads than any machine has; the runtime of the arithmetic ends the process where it cannot make as many as it was told.</summary>
    private const int MostThreads = 1024;

    public static readonly MergeOption Format = new(OptionOwner.BaseModel, "Format", OptionForm.OneOf("safetensors", "gguf", "gguf-adapter"))
    {
        Switch = "--format", Key = "format", Default = "safetensors", ValueName = "FORMAT",
        Description = "What is written: safetensors (a folder), gguf (a file for LLamaSharp, Ollama and llama.cpp) or gguf-adapter "
            + "(the adapters alone, for the same).",
    };

    /// <summary>The words are llama.cpp's.</summary>
    public static readonly MergeOption Quantization = new(
        OptionOwner.BaseModel, "Quantization", OptionForm.OneOf("auto", "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K"))
    {
        Switch = "--quantization", Key = "quantization", Default = "auto", ValueName = "TYPE",
        Description = "Types of a GGUF file: auto (the base's own), F32, F16, BF16, Q8_0, Q4_0, Q4_K_S, Q4_K_M, Q5_K_M or Q6_K.",
    };

    public static readonly MergeOption DType = new(OptionOwner.BaseModel, "DType", OptionForm.OneOf("auto", "float32", "float16", "bfloat16"))
    {
        Switch = "--dtype", Key = "dtype", Default = "auto", ValueName = "TYPE",
        Description = "Element type of the result: auto (the base's own), float32, float16 or bfloat16.",
    };

    public static readonly MergeOption MaxShardSize = new(OptionOwner.BaseModel, "MaxShardSize", OptionForm.Size)
    {
        Switch = "--max-shard-size", Key = "max-shard-size", ValueName = "SIZE",
        Description = "Largest weight file, such as 5GB (default: the base's own files).",
    };

    public static readonly MergeOption Requantize = new(OptionOwner.BaseModel, "Requantize", OptionForm.OneOf("none", "keep"))
    {
        Switch = "--requantize", Key = "requantize", Default = "none", ValueName = "HOW",
        Description = "Of a quantised base: none (the result is plain numbers) or keep (it stays in the base's own form).",
    };

    public static readonly MergeOption Combine = new(OptionOwner.BaseModel, "Combine", OptionForm.OneOf(
        "sequential", "linear", "cat", "svd", "ties", "ties_svd", "dare_linear", "dare_ties", "dare_linear_svd", "dare_ties_svd",
        "magnitude_prune", "magnitude_prune_svd"))
    {
        Switch = "--combine", Key = "combine", Default = "sequential", ValueName = "WAY",
       
        Description = "How several adapters become one change: sequential, linear, cat, svd, ties, ties_svd, dare_linear, dare_ties, dare_linear_svd, "
            + "dare_ties_svd, magnitude_prune or magnitude_prune_svd.",
    };

    public static readonly MergeOption Density = new(OptionOwner.BaseModel, "Density", OptionForm.Share)
    {
        Switch = "--density", Key = "density", ValueName = "SHARE", Description = "Share of elements that ties, dare and magnitude_prune keep, from 0 to 1.",
    };

    public static readonly MergeOption MajoritySign = new(OptionOwner.BaseModel, "MajoritySign", OptionForm.OneOf("total", "frequency"))
    {
        Switch = "--majority-sign", Key = "majority-sign", Default = "total", ValueName = "METHOD",
        Description = "How ties and dare_ties elect a sign: total or frequency.",
    };

    public static readonly MergeOption SvdRank = new(OptionOwner.BaseModel, "SvdRank", OptionForm.Count(int.MaxValue))
    {
        Switch = "--svd-rank", Key = "svd-rank", ValueName = "N",
        Description = "Largest rank of what svd and the _svd ways give (default: the adapters' largest).",
    };

    public static readonly MergeOption Modelfile = new(OptionOwner.Project, "LoraMergeModelfile", OptionForm.OneOf("false", "true"))
    {
        Switch = "--modelfile", Key = "modelfile", Default = "false", ValueName = "WHETHER", Description = "true: a Modelfile for Ollama beside a GGUF file.",
    };

    public static readonly MergeOption OnUnmatched = new(OptionOwner.Project, "LoraMergeOnUnmatched", OptionForm.OneOf("error", "warn"))
    {
        Switch = "--on-unmatched", Key = "on-unmatched", Default = "error", ValueName = "WHAT",
        Description = "Adapter tensors without a place in the base: error or warn.",
    };

    public static readonly MergeOption Verify = new(OptionOwner.Project, "LoraMergeVerify", OptionForm.OneOf("none", "written", "full"))
    {
        Switch = "--verify", Default = "none", ValueName = "LEVEL", Description = "What is read back: none, written or full.",
    };

    /// <summary>As asked for: what <c>auto</c> becomes is the machine's affair and does not make a model stale.</summary>
    public static readonly MergeOption Device = new(OptionOwner.Project, "LoraMergeDevice", OptionForm.Device)
    {
        Switch = "--device", Key = "device", Default = "auto", ValueName = "DEVICE", Description = "auto, cpu, cuda or cuda:N.",
    };

    public static readonly MergeOption Threads = new(OptionOwner.Project, "LoraMergeThreads", OptionForm.Count(MostThreads))
    {
        Switch = "--threads", ValueName = "N", Description = "Threads of the arithmetic (default: one per core).",
    };

    public static readonly MergeOption MaxMemory = new(OptionOwner.Project, "LoraMergeMaxMemory", OptionForm.Size)
    {
        Switch = "--max-memory", ValueName = "SIZE", Description = "Memory that the merge may hold, such as 1GB.",
    };

    /// <summary>A build says whether, and gives its worker the file; a shell gives the file itself.</summary>
    public static readonly MergeOption Report = new(OptionOwner.Project, "LoraMergeReport", OptionForm.Switch) { Default = "false" };

    public static readonly MergeOption CacheMaxSize = new(OptionOwner.Project, "LoraMergeCacheMaxSize", OptionForm.Size)
    {
        Switch = "--store-max-size", IsHidden = true, ValueName = "SIZE", Description = "Bytes that the store may hold, such as 50GB.",
    };

    public static readonly MergeOption BaseVersion = new(OptionOwner.BaseModel, "Version", OptionForm.Text)
    {
        Switch = "--base-version", Key = "base-version", ValueName = "VERSION", Description = "Version of the base model.",
    };

    /// <summary>On the command line it follows the adapter's path, behind '='.</summary>
    public static readonly MergeOption Weight = new(OptionOwner.Adapter, "Weight", OptionForm.Number) { Key = "weight", Default = "1" };

    public static readonly MergeOption AdapterVersion = new(OptionOwner.Adapter, "Version", OptionForm.Text)
    {
        Switch = "--adapter-version", Key = "version", ValueName = "N=VERSION", Description = "Version of adapter N, counted from 1.",
    };

    public static readonly MergeOption BaseRange = new(OptionOwner.Adapter, "BaseModelVersion", OptionForm.Text)
    {
        Switch = "--base-range", Key = "base-range", ValueName = "N=RANGE", Description = "Base versions that adapter N was trained for.",
    };

    public static readonly MergeOption AdapterRelease = new(OptionOwner.Adapter, "AdapterVersion", OptionForm.Text)
    {
        Switch = "--adapter-release", Key = "adapter-release", ValueName = "N=RELEASE",
        Description = "Release of PEFT or mlx_lm that wrote adapter N, for files that do not tell.",
    };

    public static readonly MergeOption ExpertLayout = new(OptionOwner.Adapter, "ExpertLayout", OptionForm.OneOf("auto", "peft", "unsloth"))
    {
        Switch = "--expert-layout", Key = "expert-layout", Default = "auto", ValueName = "N=LAYOUT",
        Description = "Layout of fused experts in adapter N: auto (what its file says, default), peft or unsloth.",
    };

    /// <summary>Of the build alone: from a shell nothing is locked.</summary>
    public static readonly MergeOption LockedMode = new(OptionOwner.Project, "LoraMergeLockedMode", OptionForm.Switch) { Default = "false" };

    /// <summary>A key with it is one of inputs that were held to it, so a model that is up to date needs no digest anew.</summary>
    public static readonly MergeOption BaseSha256 = new(OptionOwner.BaseModel, "Sha256", OptionForm.Digests)
    {
        Switch = "--sha256", Key = "base-sha256", ValueName = "DIGESTS",
        Description = "SHA-256 that the base's weights must have: 64 hexadecimal digits, or NAME=DIGITS for each file with ';' between.",
    };

    public static readonly MergeOption AdapterSha256 = new(OptionOwner.Adapter, "Sha256", OptionForm.Digests)
    {
        Switch = "--adapter-sha256", Key = "sha256", ValueName = "N=DIGESTS", Description = "SHA-256 that the weights of adapter N must have, as --sha256.",
    };

    public static readonly IReadOnlyList<MergeOption> All =
    [
        // What only a build asks: it decides where models go, not what is in them.
        new(OptionOwner.BaseModel, "MergedModelName", OptionForm.Text),
        new(OptionOwner.BaseModel, "TargetPath", OptionForm.Text),
        new(OptionOwner.Adapter, "BaseModel", OptionForm.Text),
        new(OptionOwner.Adapter, "MergedModelName", OptionForm.Text),
        new(OptionOwner.Project, "LoraMergeEnabled", OptionForm.Switch) { Default = "true" },
        new(OptionOwner.Project, "LoraMergePublish", OptionForm.Switch) { Default = "true" },
        new(OptionOwner.Project, "LoraMergeUseHardLinks", OptionForm.Switch) { Default = "true" },
        new(OptionOwner.Project, "LoraMergeCacheFolder", OptionForm.Text),
        new(OptionOwner.Project, "LoraMergeConstants", OptionForm.Switch) { Default = "true" },
        new(OptionOwner.Project, "LoraMergeConstantsNamespace", OptionForm.Text),
        Report,
        new(OptionOwner.Project, "LoraMergeLockFile", OptionForm.Text),
        LockedMode,
        // What decides the result, or how it is made.
        Format, Quantization, DType, MaxShardSize, Requantize, Combine, Density, MajoritySign, SvdRank, Modelfile, OnUnmatched,
        Verify, Device, Threads, MaxMemory, CacheMaxSize, BaseVersion, BaseSha256,
        Weight, AdapterVersion, BaseRange, AdapterRelease, ExpertLayout, AdapterSha256,
    ];

    public static IEnumerable<MergeOption> Of(OptionOwner owner) => All.Where(option => option.Owner == owner);
}
