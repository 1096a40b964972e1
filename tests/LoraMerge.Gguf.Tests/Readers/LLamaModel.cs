using LLama;
using LLama.Common;
using LLama.Native;

namespace LoraMerge.Gguf.Tests.Readers;

/// <summary>A file opened by LLamaSharp, computing as exactly as it can.</summary>
internal sealed class LLamaModel : IDisposable
{
    private readonly LLamaWeights _weights;
    private readonly LLamaContext _context;

    static LLamaModel()
    {
        NativeLibraryConfig.All.WithLogCallback((_, _) => { });
        NativeApi.llama_empty_call();
    }

    public LLamaModel(string path)
    {
        var parameters = new ModelParams(path)
        {
            ContextSize = 64,
            Threads = 1,
            BatchThreads = 1,
            GpuLayerCount = 0,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
            FlashAttention = false,
        };
        _weights = LLamaWeights.LoadFromFile(parameters);
        _context = _weights.CreateContext(parameters);
    }

    public int TokenCount => _weights.Vocab.Count;

    /// <summary>Logits behind the last token.</summary>
    public float[] Logits(params ReadOnlySpan<int> tokens)
    {
        var batch = new LLamaBatch();
        for (int i = 0; i < tokens.Length; i++)
            batch.Add(tokens[i], i, LLamaSeqId.Zero, logits: i == tokens.Length - 1);
        Assert.Equal(DecodeResult.Ok, _context.Decode(batch));
        return _context.NativeHandle.GetLogitsIth(tokens.Length - 1).ToArray();
    }

    public void Dispose()
    {
        _context.Dispose();
        _weights.Dispose();
    }
}
