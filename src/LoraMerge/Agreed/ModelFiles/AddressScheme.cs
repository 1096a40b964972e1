namespace LoraMerge.Agreed.ModelFiles;

/// <summary>What tells an address of the Hugging Face hub from a path.</summary>
internal static class AddressScheme
{
    public const string Text = "hf://";

    /// <summary>Whether a text is meant as an address, right or wrong. A bare <c>NAMESPACE/NAME</c> is a folder.</summary>
    public static bool Begins(string input) => input.StartsWith(Text, StringComparison.OrdinalIgnoreCase);
}
