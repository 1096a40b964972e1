using LoraMerge.Checkpoints;
using LoraMerge.Deltas;
using LoraMerge.Requests;
using static TorchSharp.torch;

namespace LoraMerge.Benchmarks.Forms;

/// <summary>What a directly written formula works on: the weights, the adapters' tensors, and buffers that are made once.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly Dictionary<string, Tensor> _weights = [];
    private readonly Dictionary<(int, string), Tensor> _adapters = [];
    private readonly Dictionary<string, StoredTensor> _stored = [];
    private readonly TensorFiles _files = new();
    private readonly Dictionary<string, Tensor> _results = [];
    private readonly Dictionary<(string, ScalarType), Tensor> _buffers = [];

    /// <param name="form">The form.</param>
    /// <param name="inputs">Its files.</param>
    public Workspace(Form form, OpenedInputs inputs)
    {
        foreach (StoredTensor stored in inputs.Checkpoint.Shards.SelectMany(shard => shard.Tensors))
            _weights[stored.Name] = AdapterValues.Read(stored, _files, ScalarType.BFloat16, CPU);
        foreach ((int index, FormAdapter adapter) in form.Adapters.Index())
        {
            Dictionary<string, StoredTensor> stored = inputs.Adapters[index].Tensors.ToDictionary(tensor => tensor.Name);
            foreach (NamedShape tensor in adapter.Tensors)
            {
                _stored[tensor.Name] = stored[FormFolder.NameOf(adapter, tensor)];
                _adapters[(index, tensor.Name)] = AdapterValues.Read(_stored[tensor.Name], _files, ScalarType.Float32, CPU);
            }
        }
    }

    public IReadOnlyDictionary<string, Tensor> Results => _results;

    /// <summary>A tensor of the first adapter, float32.</summary>
    public Tensor this[string name] => _adapters[(0, name)];

    /// <summary>A tensor that the first adapter has for the module of <see cref="KindForms"/>, float32.</summary>
    public Tensor Own(string leaf) => this[$"{KindForms.Module}.{leaf}"];

    /// <summary>A tensor of an adapter, float32.</summary>
    public Tensor this[int adapter, string name] => _adapters[(adapter, name)];

    /// <summary>
    /// A tensor of the only adapter, read again from its file: where it is as large as the weight, reading is most of what the engine's time is.
    /// </summary>
    public Tensor ReadAgain(string name)
    {
        Tensor tensor = _adapters[(0, name)];
        _files.ReadInto(_stored[name], 0, tensor.bytes);
        return tensor;
    }

    /// <summary>A weight of the base, bfloat16.</summary>
    public Tensor Weight(string name) => _weights[name];

    /// <summary>A weight of the base in a buffer of float32, as rows of its first dimension.</summary>
    public Tensor Widen(string name)
    {
        Tensor weight = _weights[name];
        return Buffer("W " + string.Join(',', weight.shape), [weight.shape[0], weight.NumberOfElements / weight.shape[0]])
            .copy_(weight.view(weight.shape[0], -1));
    }

    /// <summary>The result: values rounded to bfloat16.</summary>
    public Tensor Round(string name, Tensor values)
    {
        if (!_results.TryGetValue(name, out Tensor? result))
            _results[name] = result = empty([values.NumberOfElements], ScalarType.BFloat16).DetachFromDisposeScope();
        return result.view(values.shape).copy_(values);
    }

    /// <summary>Memory that is the same at every run.</summary>
    public Tensor Buffer(string name, long[] shape, ScalarType dtype = ScalarType.Float32)
    {
        if (!_buffers.TryGetValue((name, dtype), out Tensor? buffer))
            _buffers[(name, dtype)] = buffer = empty(shape, dtype).DetachFromDisposeScope();
        return buffer;
    }

    public void Dispose()
    {
        _files.Dispose();
        foreach (Tensor tensor in (IEnumerable<Tensor>)[.. _weights.Values, .. _adapters.Values, .. _results.Values, .. _buffers.Values])
            tensor.Dispose();
    }
}
