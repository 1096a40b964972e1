namespace LoraMerge.Agreed.Options;

/// <summary>Options with what was given for them, each in the form that <see cref="OptionForm.TryRead"/> gives.</summary>
internal sealed class OptionValues
{
    private readonly Dictionary<MergeOption, string> _given;

    private OptionValues(Dictionary<MergeOption, string> given) => _given = given;

    /// <summary>Nothing given.</summary>
    public static OptionValues None { get; } = new([]);

    /// <summary>What holds: the value that was given, else the default, else null.</summary>
    public string? this[MergeOption option] => Given(option) ?? option.Default;

    /// <summary>Null where nothing was given.</summary>
    public string? Given(MergeOption option) => _given.TryGetValue(option, out string? value) ? value : null;

    /// <summary>Whether a switch is on, by whichever of the words that MSBuild takes for true.</summary>
    public bool IsOn(MergeOption option) => this[option] is "true" or "yes" or "on";

    /// <param name="option">The option.</param>
    /// <param name="value">Null to give nothing for it.</param>
    public OptionValues With(MergeOption option, string? value)
    {
        var given = new Dictionary<MergeOption, string>(_given);
        given.Remove(option);
        if (value is not null)
            given.Add(option, value);
        return new OptionValues(given);
    }

    /// <summary>These, and what the others give.</summary>
    public OptionValues With(OptionValues others) => others._given.Aggregate(this, (values, pair) => values.With(pair.Key, pair.Value));
}
