using LoraMerge.Diagnostics;

namespace LoraMerge.Formats;

/// <summary>A format that a merged model can be written in.</summary>
internal abstract class ModelFormat
{
    /// <summary>What the user calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What can be asked for as its quantization; empty where it has none.</summary>
    public virtual IReadOnlyList<string> Quantizations => [];

    /// <summary>Whether the dtype of its tensors can be asked for.</summary>
    public virtual bool HasDTypes => false;

    /// <summary>Whether its weights may lie in several files, below a size that can be asked for.</summary>
    public virtual bool MaySplit => true;

    /// <summary>Whether a Modelfile for Ollama can stand beside it.</summary>
    public virtual bool HasModelfile => false;

    /// <summary>What to ask for in place of a dtype, as the end of a sentence.</summary>
    public virtual string InsteadOfDType => "Leave it out.";

    /// <summary>Whether its files say what they are made of, for which the adapters are hashed first.</summary>
    public virtual bool NamesOrigin => false;

    /// <summary>Decides which files a plan becomes.</summary>
    /// <exception cref="LoraMergeException">LORA1110, and the format's own: the model cannot be said in it.</exception>
    public abstract ModelLayout LayOut(LayoutInputs planned);
}
