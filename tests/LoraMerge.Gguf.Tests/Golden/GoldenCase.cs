using System.Text.Json;

namespace LoraMerge.Gguf.Tests.Golden;

/// <summary>A model and an adapter, and what llama.cpp's own converter and quantiser made of the exact merge.</summary>
internal sealed class GoldenCase : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    private GoldenCase(string path)
    {
        _path = path;
        Case = Read("case.json");
    }

    /// <summary>Where further cases lie, in folders; none where it is not set.</summary>
    private static string? FurtherCases => Environment.GetEnvironmentVariable("LORAMERGE_GGUF_CASES");

    public JsonElement Case { get; }

    public JsonElement Expected => Read("expected.json");

    public string BaseFolder => Path.Combine(_path, "base");

    public string AdapterFolder => Path.Combine(_path, "adapter");

    /// <summary>For what a test writes.</summary>
    public string OutputFolder => Directory.CreateDirectory(Path.Combine(_folder.Path, "output")).FullName;

    public IEnumerable<string> Types => Case.GetProperty("types").EnumerateArray().Select(type => type.GetString()!);

    /// <summary>Archive and name of each case.</summary>
    public static IEnumerable<(string Archive, string Name)> All =>
    [
        .. ((string[])["llama.zip", "qwen.zip", "gemma.zip", "phi.zip", "more.zip", "templates.zip", "errors.zip", "wide.zip", "converter.zip"])
            .SelectMany(archive => Fixtures.FoldersOf(archive).Select(name => (archive, name))),
        .. FurtherCases is { } folder
            ? Directory.EnumerateDirectories(folder).Where(path => File.Exists(Path.Combine(path, "case.json"))).Select(path => ("", Path.GetFileName(path)))
            : [],
    ];

    /// <summary>What a case expects, without unpacking it.</summary>
    public static string ExpectationOf(string archive, string name)
    {
        byte[] file = archive.Length > 0 ? Fixtures.Read(archive, $"{name}/case.json") : File.ReadAllBytes(Path.Combine(FurtherCases!, name, "case.json"));
        using var document = JsonDocument.Parse(file);
        return document.RootElement.GetProperty("expect").GetString()!;
    }

    public static GoldenCase Open(string archive, string name)
    {
        var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, name);
        if (archive.Length > 0)
            Fixtures.Unpack(archive, name, path);
        else
            Fixtures.CopyUnpacked(Path.Combine(FurtherCases!, name), path);
        return new GoldenCase(path) { Unpacked = folder };
    }

    public void Dispose()
    {
        _folder.Dispose();
        Unpacked.Dispose();
    }

    private TemporaryFolder Unpacked { get; init; } = null!;

    private JsonElement Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_path, file)));
        return document.RootElement.Clone();
    }
}
