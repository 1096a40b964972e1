using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Pickles;

/// <summary>Archives whose directory lies, or whose files are not what PyTorch writes.</summary>
public sealed class ZipAttackTests
{
    private static readonly byte[] Pickle = TinyPickle.StateDict(("x", new TinyTensor("0", 4)));

    [Theory]
    [InlineData("../evil")]
    [InlineData("archive/../../evil")]
    [InlineData("archive/data/..")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\evil")]
    [InlineData("C:evil")]
    [InlineData("archive/\0")]
    [InlineData("")]
    public void A_name_that_leaves_the_archive(string name) =>
        AssertRefused(zip => zip.Entries.Add(new TinyZipEntry(name, [1])));

    [Fact]
    public void A_storage_key_that_leaves_the_archive()
    {
        byte[] pickle = TinyPickle.StateDict(("x", new TinyTensor("../../../../etc/passwd", 4)));

        LoraMergeException fault = Attack.AssertRefused(DiagnosticCode.PickleInvalid, TinyTorchFile.Zip(pickle, ("0", TinyTorchFile.Counting(4))));

        Assert.Contains("is not in its zip archive", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_there_twice() => AssertRefused(zip => zip.Entries.Add(zip.Entries[2]));

    [Fact]
    public void Two_pickles_in_two_folders() => AssertRefused(zip => zip.Entries.Add(new TinyZipEntry("other/data.pkl", Pickle)));

    [Fact]
    public void No_pickle() => AssertRefused(zip => zip.Entries.RemoveAt(0));

    [Fact]
    public void A_storage_that_is_missing() => AssertRefused(zip => zip.Entries.RemoveAt(2));

    [Theory]
    [InlineData(0x0001)] // encrypted
    [InlineData(0x0040)] // strongly encrypted
    [InlineData(0x2000)] // directory masked
    public void An_encrypted_storage(ushort flags) =>
        AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { Flags = flags }, DiagnosticCode.PickleNotReadable);

    [Fact]
    public void An_encrypted_pickle() => AssertRefused(zip => zip.Entries[0] = zip.Entries[0] with { Flags = 1 }, DiagnosticCode.PickleNotReadable);

    [Theory]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(93)]
    public void A_compressed_storage(ushort method) =>
        AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { Method = method }, DiagnosticCode.PickleNotReadable);

    [Fact]
    public void A_compressed_pickle() => AssertRefused(zip => zip.Entries[0] = zip.Entries[0] with { Method = 8 }, DiagnosticCode.PickleNotReadable);

    [Theory]
    [InlineData("big")]
    [InlineData("middle")]
    [InlineData("")]
    public void Another_order_of_bytes(string order) =>
        AssertRefused(zip => zip.Entries[1] = zip.Entries[1] with { Bytes = System.Text.Encoding.ASCII.GetBytes(order) }, DiagnosticCode.PickleNotReadable);

    [Theory]
    [InlineData(10_000_000_000UL)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void A_storage_that_claims_to_be_longer_than_the_file(ulong length) =>
        AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { IsWide = true, ClaimedLength = length, ClaimedPackedLength = length });

    [Theory]
    [InlineData(10_000_000_000UL)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void A_pickle_that_claims_to_be_longer_than_the_file(ulong length) =>
        AssertRefused(zip => zip.Entries[0] = zip.Entries[0] with { IsWide = true, ClaimedLength = length, ClaimedPackedLength = length });

    [Fact]
    public void A_storage_whose_two_lengths_differ() => AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { ClaimedLength = 20 });

    [Theory]
    [InlineData(12UL)]
    [InlineData(20UL)]
    public void A_storage_that_is_shorter_or_longer_than_the_pickle_says(ulong length) =>
        AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { ClaimedLength = length, ClaimedPackedLength = length });

    [Theory]
    [InlineData(1UL)]
    [InlineData(1_000_000UL)]
    [InlineData(10_000_000_000UL)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void A_storage_that_lies_elsewhere(ulong offset) =>
        AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { IsWide = true, ClaimedOffset = offset });

    [Fact]
    public void A_storage_that_lies_where_another_file_does() => AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { ClaimedOffset = 0 });

    [Fact]
    public void A_storage_whose_own_header_has_another_name() => AssertRefused(zip => zip.Entries[2] = zip.Entries[2] with { NameInHeader = "archive/data/1" });

    [Theory]
    [InlineData(0U)]
    [InlineData(10U)]
    [InlineData(1_000_000U)]
    [InlineData(uint.MaxValue - 1)]
    public void A_directory_that_lies_elsewhere(uint offset)
    {
        var zip = new TinyZip { ClaimedDirectoryOffset = offset };
        zip.Entries.AddRange(TinyTorchFile.ZipOf(Pickle, ("0", TinyTorchFile.Counting(4))).Entries);

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, zip.ToBytes());
    }

    [Theory]
    [InlineData(10_000_000_000UL, 0UL)]
    [InlineData(ulong.MaxValue, 0UL)]
    [InlineData(100UL, ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue, (ulong)long.MaxValue)]
    public void A_directory_that_claims_ten_gigabytes(ulong length, ulong offset)
    {
        var zip = new TinyZip { HasWideEnd = true, ClaimedDirectoryLength = length, ClaimedDirectoryOffset = offset };
        zip.Entries.AddRange(TinyTorchFile.ZipOf(Pickle, ("0", TinyTorchFile.Counting(4))).Entries);

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, zip.ToBytes());
    }

    [Fact]
    public void A_directory_of_another_number_of_files()
    {
        var zip = new TinyZip { ClaimedCount = 5 };
        zip.Entries.AddRange(TinyTorchFile.ZipOf(Pickle, ("0", TinyTorchFile.Counting(4))).Entries);

        Attack.AssertRefused(DiagnosticCode.PickleInvalid, zip.ToBytes());
    }

    [Fact]
    public void An_archive_cut_at_every_byte()
    {
        byte[] file = TinyTorchFile.Zip(Pickle, ("0", TinyTorchFile.Counting(4)));

        for (int length = 0; length < file.Length; length++)
            Attack.AssertRefused(DiagnosticCode.PickleInvalid, file[..length]);
    }

    [Fact]
    public void A_TorchScript_program() =>
        AssertRefused(zip => zip.Entries.Add(new TinyZipEntry("archive/constants.pkl", [])), DiagnosticCode.PickleContentUnclear);

    [Fact]
    public void A_file_of_another_kind() => Attack.AssertRefused(DiagnosticCode.PickleInvalid, "GGUF and more"u8.ToArray());

    private static void AssertRefused(Action<TinyZip> change, DiagnosticCode code = DiagnosticCode.PickleInvalid)
    {
        TinyZip zip = TinyTorchFile.ZipOf(Pickle, ("0", TinyTorchFile.Counting(4)));
        change(zip);

        Attack.AssertRefused(code, zip.ToBytes());
    }
}
