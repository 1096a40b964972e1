namespace LoraMerge.Build;

/// <summary>Text as MSBuild's items take it: a name may hold what means something in a project file.</summary>
internal static class EscapedText
{
    public static string Of(string text)
    {
        foreach (char special in "%*?@$();'")
            text = text.Replace(special.ToString(), $"%{(int)special:x2}");
        return text;
    }
}
