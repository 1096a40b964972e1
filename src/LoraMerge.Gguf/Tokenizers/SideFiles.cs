using System.Text;
using System.Text.Json;
using LoraMerge.Gguf.Faults;

namespace LoraMerge.Gguf.Tokenizers;

/// <summary>Files beside the weights of one folder, or of the merged model, by their names in it.</summary>
/// <param name="paths">Name in the folder, with <c>/</c>, and where it lies.</param>
/// <param name="contents">What is in those that lie nowhere, or otherwise than they are to be.</param>
internal sealed class SideFiles(IReadOnlyDictionary<string, string> paths, IReadOnlyDictionary<string, byte[]>? contents = null)
{
    /// <summary>Four times the largest tokenizer of 2026. All of it is held, and as a tree it is several times as large.</summary>
    private const int LongestFile = 128 << 20;

    public IEnumerable<string> Names => paths.Keys.Order(StringComparer.Ordinal);

    /// <summary>The files of a folder and of those in it.</summary>
    public static SideFiles OfFolder(string folder) => new(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'), StringComparer.Ordinal));

    /// <summary>A file, to be read from its begin; null where it is not there.</summary>
    /// <inheritdoc cref="Bytes" path="/exception"/>
    public Stream? Open(string name) => contents?.GetValueOrDefault(name) is { } bytes ? new MemoryStream(bytes, writable: false)
        : paths.TryGetValue(name, out string? path) ? OpenChecked(name, path) : null;

    /// <summary>The bytes of a file; null where it is not there.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="GgufLayoutException">TokenizerInvalid: it is larger than any tokenizer.</exception>
    public byte[]? Bytes(string name) => contents?.GetValueOrDefault(name) is { } bytes ? bytes
        : paths.TryGetValue(name, out string? path) ? Read(name, path) : null;

    /// <summary>The text of a file; null where it is not there.</summary>
    /// <inheritdoc cref="Bytes" path="/exception"/>
    public string? Text(string name) => Bytes(name) is { } bytes ? Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF') : null;

    /// <summary>The object in a file; null where it is not there.</summary>
    /// <exception cref="GgufLayoutException">TokenizerInvalid: it is no JSON object.</exception>
    public JsonElement? Json(string name) => Parsed(name) is not { } root ? null
        : root.ValueKind == JsonValueKind.Object ? root
        : throw LayoutErrors.TokenizerInvalid(name, "there is no object at its top");

    /// <summary>The items of the list in a file; none where it is not there, or holds something else.</summary>
    /// <exception cref="GgufLayoutException">TokenizerInvalid: it is no JSON.</exception>
    public IEnumerable<JsonElement> List(string name) => Parsed(name) is { ValueKind: JsonValueKind.Array } root ? root.EnumerateArray() : [];

    private JsonElement? Parsed(string name)
    {
        if (Bytes(name) is not { } bytes)
            return null;
        ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes.AsMemory(3) : bytes;
        try
        {
            JsonElement root = JsonDocument.Parse(json).RootElement; // not given back: the element is read as long as there is one
            ThrowIfNotUnicode(root);
            return root;
        }
        catch (InvalidOperationException)
        {
            throw LayoutErrors.TokenizerInvalid(name, "a text in it is not Unicode");
        }
        catch (JsonException e)
        {
            throw LayoutErrors.TokenizerInvalid(name, $"it is no JSON ({e.Message.TrimEnd('.')})");
        }
    }

    private static byte[] Read(string name, string path)
    {
        using FileStream file = OpenChecked(name, path);
        byte[] bytes = new byte[file.Length];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private static FileStream OpenChecked(string name, string path)
    {
        FileStream file = File.OpenRead(path);
        if (file.Length <= LongestFile)
            return file;
        using (file)
            throw LayoutErrors.TokenizerInvalid(name, $"it has {file.Length} bytes, and {LongestFile} at most are expected");
    }

    /// <summary>The parser decodes texts only when they are asked for, which would be too late to name the file.</summary>
    private static void ThrowIfNotUnicode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ThrowIfNotUnicode(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                    ThrowIfNotUnicode(item);
                break;
            case JsonValueKind.String:
                element.GetString();
                break;
        }
    }
}
