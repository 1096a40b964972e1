using LoraMerge.Diagnostics;
using LoraMerge.Planning;

namespace LoraMerge.Formats;

/// <summary>What a plan becomes in one format: which files, and in which order what is in them is computed. Plain data; no weight has been read.</summary>
internal abstract class ModelLayout
{
    /// <summary>What is computed, in the order in which the weight files take it; and the files that are copied beside them.</summary>
    public abstract MergePlan Plan { get; }

    /// <summary>Relative paths of all files that will be written, with '/'; the manifest is none of them.</summary>
    public virtual IEnumerable<string> FileNames => Plan.FileNames;

    /// <summary>What the user should know of the files, besides the plan's own notes.</summary>
    public virtual IEnumerable<MergeEvent> Notes => [];

    /// <summary>What holds of the weight files, for people: <c>Q8_0, 292 tensors</c>. Null where the plan says it all.</summary>
    public virtual string? Summary => null;

    /// <summary>Tensors in the files.</summary>
    public virtual int TensorCount => Plan.Tensors.Count();

    /// <summary>Whether a tensor of the plan may be copied from an earlier model instead: where its bytes lie in the files as the plan has them.</summary>
    public virtual bool TakesStoredTensors => false;

    /// <summary>
    /// The tensors of a weight file, in the order of the plan's that they are made of; none where the plan's lie in the file themselves. In what is left of a
    /// plan, a copy may stand in the place of all that one of them is made of.
    /// </summary>
    /// <param name="fileName">The file in <see cref="Plan"/>.</param>
    public virtual IEnumerable<MadeTensor> MadeIn(string fileName) => [];

    /// <summary>A hash of all that decides a weight file besides what is computed for it.</summary>
    /// <param name="fileName">The file in <see cref="Plan"/>.</param>
    public abstract string FingerprintOf(string fileName);

    /// <summary>Bytes that are held besides the merge itself.</summary>
    public virtual long HeldBytes => 0;

    /// <summary>Bytes of weights in the files that a plan writes: this layout's own, or what is left of it.</summary>
    public abstract long ByteLengthOf(MergePlan left);

    /// <summary>Writes the weight files of what is left of the plan.</summary>
    /// <param name="left">The plan, or some of its files.</param>
    /// <param name="folder">Where they go.</param>
    /// <param name="threads">As many as may work at once; null for one per core.</param>
    public abstract IWeightSink OpenSink(MergePlan left, string folder, int? threads);

    /// <summary>Writes what stands beside the weights.</summary>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1109 to LORA1111, LORA5020.</exception>
    public abstract void WriteBeside(ModelFolder folder);
}
