namespace LoraMerge.Fuzz;

/// <summary>A folder for the files of one input after another; in memory where the system has such a place.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private const string InMemory = "/dev/shm";

    public string Path { get; } = Directory.Exists(InMemory)
        ? Directory.CreateDirectory($"{InMemory}/lora-merge-fuzz-{Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("lora-merge-fuzz-").FullName;

    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>Weights of zeros that take no room: the header as it is given, and behind it a hole that is as long as the header's largest number.</summary>
    public string WriteWeights(string name, ReadOnlySpan<byte> header)
    {
        string path = System.IO.Path.Combine(Path, name);
        using FileStream file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        file.SetLength(file.Length + LargestNumber(header));
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static long LargestNumber(ReadOnlySpan<byte> text)
    {
        const long most = 1L << 40;
        long largest = 0, number = 0;
        foreach (byte c in text)
        {
            number = c is >= (byte)'0' and <= (byte)'9' && number < most ? (number * 10) + (c - '0') : 0;
            if (number <= most)
                largest = Math.Max(largest, number);
        }
        return largest;
    }
}
