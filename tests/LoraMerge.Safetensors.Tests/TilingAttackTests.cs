namespace LoraMerge.Safetensors.Tests;

/// <summary>Tensors that are fine one by one but do not tile the data section of their file.</summary>
public sealed class TilingAttackTests
{
    [Fact]
    public void Two_tensors_on_the_same_bytes() => AssertRefused(SafetensorsFault.Overlap, dataLength: 4, (0, 4), (0, 4));

    [Fact]
    public void A_tensor_that_begins_within_another() => AssertRefused(SafetensorsFault.Overlap, dataLength: 6, (0, 4), (2, 6));

    [Fact]
    public void A_tensor_within_another() => AssertRefused(SafetensorsFault.Overlap, dataLength: 8, (0, 8), (2, 4));

    [Fact]
    public void A_tensor_of_no_bytes_within_another() => AssertRefused(SafetensorsFault.Overlap, dataLength: 4, (0, 4), (2, 2));

    [Fact]
    public void A_hole_at_the_start() => AssertRefused(SafetensorsFault.Hole, dataLength: 5, (1, 5));

    [Fact]
    public void A_hole_between_tensors() => AssertRefused(SafetensorsFault.Hole, dataLength: 9, (0, 4), (5, 9));

    [Fact]
    public void A_tensor_of_no_bytes_behind_a_hole() => AssertRefused(SafetensorsFault.Hole, dataLength: 5, (0, 4), (5, 5));

    [Fact]
    public void A_hole_and_an_overlap_that_cancel_out() => AssertRefused(SafetensorsFault.Overlap, dataLength: 12, (0, 4), (2, 6), (8, 12));

    [Fact]
    public void Bytes_behind_the_last_tensor() => AssertRefused(SafetensorsFault.TrailingBytes, dataLength: 5, (0, 4));

    [Fact]
    public void Bytes_behind_a_header_without_tensors() => AssertRefused(SafetensorsFault.TrailingBytes, dataLength: 1);

    [Fact]
    public void A_file_that_lacks_its_last_byte() => AssertRefused(SafetensorsFault.Truncated, dataLength: 7, (0, 4), (4, 8));

    [Fact]
    public void A_file_that_lacks_all_its_data() => AssertRefused(SafetensorsFault.Truncated, dataLength: 0, (0, 4));

    [Fact]
    public void A_tensor_far_larger_than_its_file() => AssertRefused(SafetensorsFault.Truncated, dataLength: 4, (0, 1L << 59));

    [Fact]
    public void Offsets_whose_sum_would_overflow()
    {
        const long huge = 1L << 59;
        var tensors = new (long, long)[17];
        for (int i = 0; i < tensors.Length; i++)
            tensors[i] = (i < 15 ? i * huge : 0, i < 15 ? (i + 1) * huge : huge);

        AssertRefused(SafetensorsFault.Truncated, dataLength: 0, tensors);
    }

    [Fact]
    public void Tensors_come_in_the_order_of_their_data_whatever_the_order_of_the_header()
    {
        SafetensorsHeader header = RawFile.Read(RawFile.Bytes(Json((6, 8), (4, 4), (0, 4), (4, 6), (4, 4)), 8));

        Assert.Equal(["t2", "t1", "t4", "t3", "t0"], header.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Only_exact_names_are_found()
    {
        SafetensorsHeader header = RawFile.Read(RawFile.Bytes(Json((0, 4)), 4));

        Assert.True(header.TryFind("t0", out TensorEntry? found));
        Assert.Same(header.Tensors[0], found);
        Assert.False(header.TryFind("T0", out _));
        Assert.False(header.TryFind("__metadata__", out _));
    }

    private static void AssertRefused(SafetensorsFault fault, int dataLength, params (long Begin, long End)[] tensors) =>
        Assert.Equal(fault, RawFile.Refuse(RawFile.Bytes(Json(tensors), dataLength)).Fault);

    /// <summary>Tensors t0, t1 and so on of U8 with these offsets, in this order.</summary>
    private static string Json(params (long Begin, long End)[] tensors) =>
        "{" + string.Join(',', tensors.Select((t, i) =>
            $"\"t{i}\":{{\"dtype\":\"U8\",\"shape\":[{t.End - t.Begin}],\"data_offsets\":[{t.Begin},{t.End}]}}")) + "}";
}
