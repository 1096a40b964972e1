#pragma warning disable IDE0130 // found wherever char is
namespace System;

/// <summary>What .NET knows of a letter; .NET Standard 2.0 does not.</summary>
internal static class AsciiLetters
{
    extension(char)
    {
        /// <summary>Whether a letter is a hexadecimal digit, as this tool writes them: in small letters.</summary>
        public static bool IsAsciiHexDigitLower(char c) => c is (>= '0' and <= '9') or (>= 'a' and <= 'f');
    }
}
