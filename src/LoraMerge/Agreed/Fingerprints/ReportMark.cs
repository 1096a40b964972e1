using System.Text;

namespace LoraMerge.Agreed.Fingerprints;

/// <summary>What a report begins with: so a file is known for one of ours, and a build knows of which model it is without reading it.</summary>
internal static class ReportMark
{
    private const string Start = "<!DOCTYPE html>\n<!-- LoraMerge report of ";
    private const string End = " -->\n";

    /// <param name="key">The model's key.</param>
    public static string Of(string key) => Start + key + End;

    /// <summary>Whether a file is a report, of whatever model.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static bool IsIn(string file) => BeginsWith(file, Start);

    /// <summary>Whether a report may be put there: nothing is there, or another report.</summary>
    /// <inheritdoc cref="IsIn" path="/exception"/>
    public static bool MayBePutAt(string file) => !Presence.OfAny(file) || (Presence.OfFile(file) && IsIn(file));

    /// <summary>Whether a file is there, and the report of a model.</summary>
    public static bool IsOf(string key, string file)
    {
        try
        {
            return File.Exists(file) && BeginsWith(file, Of(key));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false; // it is made anew, and that tells what is wrong with the place
        }
    }

    private static bool BeginsWith(string file, string text)
    {
        if (FileStamp.Of(file).ByteLength == 0)
            return false; // not opened: a pipe would be waited for
        byte[] expected = Encoding.UTF8.GetBytes(text);
        byte[] found = new byte[expected.Length];
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        int length = 0;
        while (length < found.Length && stream.Read(found, length, found.Length - length) is > 0 and int read)
            length += read;
        return found.SequenceEqual(expected);
    }
}
