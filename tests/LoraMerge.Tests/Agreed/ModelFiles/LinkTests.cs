namespace LoraMerge.Tests.Agreed.ModelFiles;

/// <summary>Links in a model's folder: those of a Hugging Face cache, and those that would ship other files of the user.</summary>
public sealed class LinkTests
{
    [Fact]
    public void A_cache_of_Hugging_Face_links_its_snapshots_to_its_blobs()
    {
        using var folder = new TemporaryFolder();
        string blob = Cache(folder);

        InputRoot root = InputFiles.OfBase(Path.Combine(folder.Path, "models--org--tiny", "snapshots", "0a1b"));

        Assert.Equal(["1_Pooling/config.json", "model.safetensors"], root.Files.Select(file => file.RelativePath));
        Assert.All(root.Files, file => Assert.Equal(FileStamp.Of(blob), file.Stamp));
        Assert.Equal(7, FileStamp.Of(blob).ByteLength);
    }

    [Fact]
    public void A_snapshot_may_be_reached_by_links_itself()
    {
        using var folder = new TemporaryFolder();
        string blob = Cache(folder);
        Link(folder, "revision", "models--org--tiny/snapshots/0a1b");
        Link(folder, "project/models/base", "../../revision");

        InputRoot root = InputFiles.OfBase(Path.Combine(folder.Path, "project", "models", "base"));

        Assert.All(root.Files, file => Assert.Equal(FileStamp.Of(blob), file.Stamp));
    }

    [Fact]
    public void A_link_within_the_folder_is_a_file_of_it()
    {
        using var folder = new TemporaryFolder();
        folder.Write("base/model-v2.gguf", "weights");
        Link(folder, "base/model.safetensors", "model-v2.gguf");

        InputRoot root = InputFiles.OfBase(Path.Combine(folder.Path, "base"));

        Assert.Equal(7, Assert.Single(root.Files).Stamp.ByteLength);
    }

    [Theory]
    [InlineData("model.safetensors", "../secret")]
    [InlineData("LICENSE", "../secret")]
    [InlineData("LICENSE", "../base-of-another/secret")]
    [InlineData("LICENSE", "../blobs/secret")] // blobs only of a snapshot
    [InlineData("LICENSE", "../../../../../../etc/passwd")] // there or not
    [InlineData("LICENSE", "inner")] // which leads out in its turn
    [InlineData("1_Pooling", "../")]
    [InlineData("original", "../outside")]
    public void A_link_that_leads_out_is_an_error(string link, string target)
    {
        using var folder = new TemporaryFolder();
        foreach (string file in (string[])["base/config.json", "secret", "base-of-another/secret", "blobs/secret", "outside/tokenizer.model", "config.json"])
            folder.Write(file, "secret");
        Link(folder, "base/inner", "../secret");
        Link(folder, "base/" + link, target);

        LinkLeadsOutException fault = Assert.Throws<LinkLeadsOutException>(() => InputFiles.OfBase(Path.Combine(folder.Path, "base")));

        Assert.StartsWith(Path.Combine(folder.Path, "base", link), fault.File, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.Combine(folder.Path, "base") + Path.DirectorySeparatorChar, fault.Target, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adapter_model.safetensors")]
    [InlineData("adapter_config.json")]
    [InlineData("tokenizer.json")]
    public void Nor_may_one_of_an_adapter(string link)
    {
        using var folder = new TemporaryFolder();
        folder.Write("adapter/adapter_model.bin");
        folder.Write("secret");
        Link(folder, "adapter/" + link, "../secret");

        Assert.Throws<LinkLeadsOutException>(() => InputFiles.OfAdapter(Path.Combine(folder.Path, "adapter"), 1));
    }

    [Fact]
    public void A_blob_that_is_a_link_is_not_the_cache_s_own()
    {
        using var folder = new TemporaryFolder();
        string blob = Cache(folder);
        folder.Write("secret");
        File.Delete(blob);
        File.CreateSymbolicLink(blob, "../../secret");

        Assert.Throws<LinkLeadsOutException>(() => InputFiles.OfBase(Path.Combine(folder.Path, "models--org--tiny", "snapshots", "0a1b")));
    }

    [Theory]
    [InlineData("blobs/8f/8f00000000000000000000000000000000000000000000000000000000000000", true)]
    [InlineData("blobs/8f/secret", false)]
    [InlineData("blobs/8f00000000000000000000000000000000000000000000000000000000000000", false)]
    [InlineData("blobs/secrets/8f00000000000000000000000000000000000000000000000000000000000000", false)]
    public void A_blob_may_be_one_that_the_repositories_of_the_cache_share(string shared, bool isOwn)
    {
        using var folder = new TemporaryFolder();
        string blob = Cache(folder);
        folder.Write(shared, "weights");
        File.Delete(blob);
        File.CreateSymbolicLink(blob, "../../" + shared);
        InputRoot Read() => InputFiles.OfBase(Path.Combine(folder.Path, "models--org--tiny", "snapshots", "0a1b"));

        if (isOwn)
            Assert.All(Read().Files, file => Assert.Equal(7, file.Stamp.ByteLength));
        else
            Assert.Throws<LinkLeadsOutException>(Read);
    }

    [Fact]
    public void A_link_that_nobody_takes_is_no_error()
    {
        using var folder = new TemporaryFolder();
        folder.Write("base/config.json");
        folder.Write("secret");
        Link(folder, "base/notes.txt", "../secret");
        Link(folder, "base/again", ".");

        InputRoot root = InputFiles.OfBase(Path.Combine(folder.Path, "base"));

        Assert.Equal(["config.json"], root.Files.Select(file => file.RelativePath));
        Assert.Equal(["again/", "notes.txt"], root.LeftOut);
    }

    [Fact]
    public void A_file_that_the_user_names_may_be_a_link_to_anywhere()
    {
        using var folder = new TemporaryFolder();
        folder.Write("elsewhere/weights", "weights");
        Link(folder, "base/tiny.safetensors", "../elsewhere/weights");

        Assert.Equal(7, Assert.Single(InputFiles.OfBase(Path.Combine(folder.Path, "base", "tiny.safetensors")).Files).Stamp.ByteLength);
        Assert.Equal(7, Assert.Single(InputFiles.OfAdapter(Path.Combine(folder.Path, "base", "tiny.safetensors"), 1).Files).Stamp.ByteLength);
    }

    [Fact]
    public void Links_in_the_targets_of_links_are_followed_too()
    {
        using var folder = new TemporaryFolder();
        string real = folder.Write("disk/models/tiny/config.json");
        Link(folder, "mnt", "disk");
        Link(folder, "home/models", "../mnt/models");
        Link(folder, "home/base", "models/tiny");
        Link(folder, "home/sideways", "models/../models/tiny"); // '..' of the folder that the link leads to

        Assert.Equal(Path.GetDirectoryName(real), RealPath.Of(Path.Combine(folder.Path, "home", "base")));
        Assert.Equal(Path.GetDirectoryName(real), RealPath.Of(Path.Combine(folder.Path, "home", "sideways")));
        Assert.Equal(Path.Combine(folder.Path, "disk", "models", "new", "x"), RealPath.Of(Path.Combine(folder.Path, "home", "models", "new", "x")));
    }

    [Fact]
    public void Links_in_a_circle_are_an_error()
    {
        using var folder = new TemporaryFolder();
        Link(folder, "a", "b");
        Link(folder, "b", "a");

        Assert.Contains("links", Assert.Throws<IOException>(() => RealPath.Of(Path.Combine(folder.Path, "a", "x"))).Message, StringComparison.Ordinal);
    }

    /// <summary>A snapshot of two files, both of one blob.</summary>
    private static string Cache(TemporaryFolder folder)
    {
        string blob = folder.Write("models--org--tiny/blobs/8f3c", "weights");
        Link(folder, "models--org--tiny/snapshots/0a1b/model.safetensors", "../../blobs/8f3c");
        Link(folder, "models--org--tiny/snapshots/0a1b/1_Pooling/config.json", "../../../blobs/8f3c");
        return blob;
    }

    private static void Link(TemporaryFolder folder, string link, string target)
    {
        string path = Path.Combine(folder.Path, link);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
    }
}
