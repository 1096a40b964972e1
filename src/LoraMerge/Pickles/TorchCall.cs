using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LoraMerge.Diagnostics;
using LoraMerge.Safetensors;

namespace LoraMerge.Pickles;

/// <summary>What the allowed functions of PyTorch mean, as this program's own records.</summary>
/// <param name="path">What messages call the file.</param>
/// <param name="offset">Where the call stands in the pickle.</param>
/// <param name="count">Told how many values the call copies: a call may be asked for again and again with the same long list.</param>
internal readonly struct TorchCall(string path, long offset, Action<int> count)
{
    /// <summary>More than any tensor has; PyTorch's own kernels stop there.</summary>
    private const int MaxDimensionCount = 64;

    /// <summary>A storage from its persistent id: <c>('storage', class, key, device, elements[, view])</c>.</summary>
    public StorageClaim Storage(PickleValue id)
    {
        if (
            id
                is not PickleValue.Sequence
                {
                    IsTuple: true,
                    Items: [
                        PickleValue.Text { Value: "storage" },
                        PickleValue.Global { Meaning: TorchGlobal.StorageClass } type,
                        PickleValue.Text key,
                        _,
                        PickleValue.Integer length,
                        .. var rest,
                    ]
                }
            || rest.Count > 1
        )
            throw Unsafe($"a persistent id that is no storage ({id.Kind})");
        long elements = Natural(length, "a storage's length");
        if (rest is [PickleValue.Sequence { Items: [_, PickleValue.Integer viewOffset, PickleValue.Integer viewCount] }])
            return new StorageClaim(key.Value, type.DType, elements, Natural(viewOffset, "a view's start"), Natural(viewCount, "a view's length"));
        if (rest is [not PickleValue.Opaque])
            throw Invalid($"a storage's view is {rest[0].Kind}");
        return new StorageClaim(key.Value, type.DType, elements, 0, elements);
    }

    /// <summary>What REDUCE gives for an allowed function.</summary>
    public PickleValue Function(PickleValue function, List<PickleValue> arguments) =>
        function switch
        {
            PickleValue.Global { Meaning: TorchGlobal.OrderedDictionary } => OrderedDictionary(arguments),
            PickleValue.Global { Meaning: TorchGlobal.RebuildTensor } when arguments.Count == 4 => Tensor(arguments, null, null),
            PickleValue.Global { Meaning: TorchGlobal.RebuildTensorV2 } when arguments.Count is 6 or 7 => Tensor(
                arguments,
                null,
                arguments.ElementAtOrDefault(6)
            ),
            PickleValue.Global { Meaning: TorchGlobal.RebuildTensorV3 }
                when arguments.Count is 7 or 8 && arguments[6] is PickleValue.Global { Meaning: TorchGlobal.DType } type => Tensor(
                arguments,
                type.DType,
                arguments.ElementAtOrDefault(7)
            ),
            PickleValue.Global { Meaning: TorchGlobal.RebuildParameter } when arguments is [PickleValue.Tensor, _, _] or [PickleValue.Tensor, _, _, _] =>
                arguments[0],
            PickleValue.Global { Meaning: TorchGlobal.RebuildFromType }
                when arguments
                    is [
                        PickleValue.Global { Meaning: not TorchGlobal.RebuildFromType } inner,
                        PickleValue.Global { Meaning: TorchGlobal.TensorClass },
                        PickleValue.Sequence { IsTuple: true } innerArguments,
                        _,
                    ] => Function(inner, innerArguments.Items),
            PickleValue.Global known => throw Unsafe($"a call of '{known.Name}' with arguments that it does not have"),
            _ => throw Unsafe($"a call of {function.Kind}"),
        };

    /// <summary>Empty, or Python 2's list of pairs.</summary>
    private PickleValue.Dictionary OrderedDictionary(List<PickleValue> arguments)
    {
        var dictionary = new PickleValue.Dictionary(isOrdered: true);
        if (arguments.Count == 0)
            return dictionary;
        if (arguments is not [PickleValue.Sequence pairs])
            throw Unsafe("a call of 'collections.OrderedDict' with arguments that it does not have");
        count(pairs.Items.Count);
        foreach (PickleValue pair in pairs.Items)
        {
            if (pair is not PickleValue.Sequence { Items: [var key, var value] })
                throw Invalid($"an item of an OrderedDict is {pair.Kind}");
            dictionary.Items.Add(KeyValuePair.Create(key, value));
        }
        return dictionary;
    }

    private PickleValue.Tensor Tensor(List<PickleValue> arguments, DType? dtype, PickleValue? metadata)
    {
        if (
            CollectionsMarshal.AsSpan(arguments)[..4]
            is not [PickleValue.Storage storage, PickleValue.Integer start, PickleValue.Sequence size, PickleValue.Sequence stride]
        )
            throw Invalid("a tensor is not made of a storage, a number and two tuples");
        if (metadata is PickleValue.Dictionary { Items.Count: > 0 })
            throw Invalid("a tensor is a conjugate or negative view, which is not read");
        if (size.Items.Count != stride.Items.Count || size.Items.Count > MaxDimensionCount)
            throw Invalid($"a tensor has {size.Items.Count} sides and {stride.Items.Count} strides; as many of both are expected, at most {MaxDimensionCount}");
        count(2 * size.Items.Count);
        DType type = dtype ?? storage.Claim.DType ?? DType.U8;
        return new PickleValue.Tensor(
            new TensorClaim(storage.Claim, type, Natural(start, "a tensor's start"), Naturals(size, "a tensor's side"), Naturals(stride, "a tensor's stride"))
        );
    }

    private ImmutableArray<long> Naturals(PickleValue.Sequence numbers, string what)
    {
        ImmutableArray<long>.Builder values = ImmutableArray.CreateBuilder<long>(numbers.Items.Count);
        foreach (PickleValue number in numbers.Items)
            values.Add(Natural(number, what));
        return values.MoveToImmutable();
    }

    private long Natural(PickleValue value, string what) => value is PickleValue.Integer { Value: var number }
        ? number >= 0 && number <= long.MaxValue ? (long)number : throw Invalid($"{what} is {number}")
        : throw Invalid($"{what} is {value.Kind}");

    private LoraMergeException Unsafe(string what) => Errors.PickleUnsafe(path, what, offset);

    private LoraMergeException Invalid(string reason) => Errors.PickleInvalid(path, $"{reason} (byte {offset} of its pickle)");
}
