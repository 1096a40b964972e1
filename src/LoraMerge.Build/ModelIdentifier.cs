using System.Globalization;
using System.Text;

namespace LoraMerge.Build;

/// <summary>Names of models as names in a program: <c>sea-tales</c> is <c>SeaTales</c>.</summary>
internal static class ModelIdentifier
{
    private const string WithoutLetters = "Model";

    /// <summary>
    /// What a class of constants cannot be called: the class around it, its own members, and what every class has from <see cref="object"/>.
    /// </summary>
    private static readonly HashSet<string> s_taken = new(StringComparer.Ordinal)
    {
        ModelConstants.ClassName,
        "Name", "Path", "File", "Adapters", "Version", "Hash",
        "Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "ReferenceEquals", "ToString",
    };

    /// <summary>One for each name, in their order; where two names give the same, the later one gets a number.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> names)
    {
        var used = new HashSet<string>(s_taken, StringComparer.Ordinal);
        List<string> identifiers = [];
        foreach (string name in names)
        {
            string wanted = Of(name), identifier = s_taken.Contains(wanted) ? wanted + "_" : wanted;
            for (int number = 2; !used.Add(identifier); number++)
                identifier = FormattableString.Invariant($"{wanted}_{number}");
            identifiers.Add(identifier);
        }
        return identifiers;
    }

    /// <summary>Whether a text is one or several names with points between them.</summary>
    public static bool IsNamespace(string text) => text.Split('.').All(part => part.Length > 0 && IsStart(part[0]) && part.All(IsPart));

    /// <summary>Its letters and digits. What stands between them goes, and a word begins; between two digits it is what tells numbers apart.</summary>
    private static string Of(string name)
    {
        var text = new StringBuilder();
        bool beginsWord = true;
        foreach (char letter in name)
        {
            if (letter == '_' || !IsPart(letter))
            {
                beginsWord = true;
                continue;
            }
            if (beginsWord && text.Length > 0 && char.IsDigit(letter) && char.IsDigit(text[text.Length - 1]))
                text.Append('_');
            text.Append(beginsWord ? char.ToUpperInvariant(letter) : letter);
            beginsWord = false;
        }
        string identifier = text.Length > 0 ? text.ToString() : WithoutLetters;
        return IsStart(identifier[0]) ? identifier : "_" + identifier;
    }

    private static bool IsStart(char letter) => letter == '_' || char.IsLetter(letter) || char.GetUnicodeCategory(letter) == UnicodeCategory.LetterNumber;

    private static bool IsPart(char letter) => IsStart(letter) || char.GetUnicodeCategory(letter)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;
}
