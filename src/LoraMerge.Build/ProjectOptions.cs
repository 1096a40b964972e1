using LoraMerge.Agreed.Options;

namespace LoraMerge.Build;

/// <summary>Reads the properties that hold for all merged models of a project.</summary>
internal static class ProjectOptions
{
    /// <param name="properties">What the project says, by the names of properties; null or nothing where it says nothing.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static OptionValues Read(IReadOnlyDictionary<string, string?> properties, FaultLog faults)
    {
        OptionValues values = OptionValues.None;
        foreach (MergeOption option in OptionTable.Of(OptionOwner.Project))
        {
            if (!properties.TryGetValue(option.Name, out string? text) || text is not { Length: > 0 })
                continue;
            string? value = option.Form.TryRead(text.Trim());
            if (value is null)
                faults.Error(null, BuildErrors.Invalid(option, text));
            values = values.With(option, value);
        }
        return values;
    }
}
