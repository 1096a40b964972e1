using System.Collections.Immutable;
using System.IO.Hashing;
using System.Security.Cryptography;
using LoraMerge.Diagnostics;
using LoraMerge.Manifests;

namespace LoraMerge.Writing;

/// <summary>Reads a model back after it was written, and compares the hashes of its files.</summary>
internal static class WrittenCheck
{
    /// <returns>The manifest, with SHA-256 of each file if asked for.</returns>
    /// <exception cref="LoraMergeException">LORA5007.</exception>
    public static MergeManifest Run(string folder, MergeManifest manifest, bool withSha256)
    {
        ImmutableSortedDictionary<string, string>.Builder sha256 = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        byte[] buffer = new byte[1 << 20];
        foreach ((string name, string expected) in manifest.Files)
        {
            string path = Path.Combine(folder, name);
            (string found, string sha) = Hash(path, buffer, withSha256);
            if (found != expected)
                throw Errors.VerificationFailed(path, expected, found);
            sha256[name] = sha;
        }
        return withSha256 ? manifest with { Sha256 = sha256.ToImmutable() } : manifest;
    }

    private static (string XxHash128, string Sha256) Hash(string path, byte[] buffer, bool withSha256)
    {
        try
        {
            var xx = new XxHash128();
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using FileStream stream = File.OpenRead(path);
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                xx.Append(buffer.AsSpan(0, read));
                if (withSha256)
                    sha.AppendData(buffer, 0, read);
            }
            return (Convert.ToHexStringLower(xx.GetCurrentHash()), Convert.ToHexStringLower(sha.GetHashAndReset()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.VerificationImpossible(path, e);
        }
    }
}
