using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace LoraMerge.Fuzz;

/// <summary>An input that a parser does not take as it should; it is kept in a file.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Without its input a fault helps nobody.")]
internal sealed class FuzzFaultException : Exception
{
    private FuzzFaultException(string message, string file)
        : base(message) => File = file;

    /// <summary>Where the input lies.</summary>
    public string File { get; }

    public static FuzzFaultException Of(FuzzTarget target, byte[] input, string what)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}");
        System.IO.File.WriteAllBytes(file, input);
        return new FuzzFaultException(
            $"{what}{Environment.NewLine}To see it again: dotnet run --project tests/LoraMerge.Fuzz -- replay {target.Name} {file}",
            file
        );
    }
}
