using System.Diagnostics.CodeAnalysis;

namespace LoraMerge.Fuzz;

/// <summary>An input that a parser does not take as it should; it is kept in a file.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Without its input a fault helps nobody.")]
internal sealed class FuzzFaultException : Exception
{
    public FuzzFaultException(FuzzTarget target, byte[] input, string what)
        : base($"{target.Name}: {what}")
    {
        File = Path.Combine(Path.GetTempPath(), $"{target.Name}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..16]}");
        System.IO.File.WriteAllBytes(File, input);
    }

    /// <summary>Where the input lies.</summary>
    public string File { get; }

    public override string Message => $"{base.Message} The input is kept: dotnet run --project tests/LoraMerge.Fuzz -- replay TARGET {File}";
}
