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

    /// <param name="path">The file, or its first part.</param>
    /// <param name="contextSize">Tokens that it can look back on.</param>
    public LLamaModel(string path, uint contextSize = 64)
    {
        var parameters = new ModelParams(path)
        {
            ContextSize = contextSize,
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

    /// <summary>Puts an adapter upon the model.</summary>
    public void Apply(string adapter) => _context.NativeHandle.SetLoraAdapters([(_weights.NativeHandle.LoadLoraFromFile(adapter), 1f)]);

    public int TokenCount => _weights.Vocab.Count;

    /// <summary>Logits behind the last token.</summary>
    public float[] Logits(params ReadOnlySpan<int> tokens) => LogitsBehind(0, tokens);

    /// <summary>The likeliest token behind a beginning, and behind that, until one of them ends the text.</summary>
    /// <returns>The beginning and what follows, the end included.</returns>
    public int[] Continue(int[] beginning, int end)
    {
        List<int> tokens = [.. beginning];
        float[] logits = Logits(beginning);
        while (true)
        {
            int next = Array.IndexOf(logits, logits.Max());
            tokens.Add(next);
            if (next == end)
                return [.. tokens];
            logits = LogitsBehind(tokens.Count - 1, next);
        }
    }

    private float[] LogitsBehind(int position, params ReadOnlySpan<int> tokens)
    {
        var batch = new LLamaBatch();
        for (int i = 0; i < tokens.Length; i++)
            batch.Add(tokens[i], position + i, LLamaSeqId.Zero, logits: i == tokens.Length - 1);
        Assert.Equal(DecodeResult.Ok, _context.Decode(batch));
        return _context.NativeHandle.GetLogitsIth(tokens.Length - 1).ToArray();
    }

    public void Dispose()
    {
        _context.Dispose();
        _weights.Dispose();
    }
}
