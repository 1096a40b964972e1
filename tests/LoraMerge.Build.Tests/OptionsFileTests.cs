using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Build.Tests;

/// <summary>Why a model is merged again, in the user's own words.</summary>
public sealed class OptionsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lora ü ").FullName;
    private readonly ModelOptions _options = new() { Name = "chat", BaseName = "base", Adapters = [new AdapterOptions("pirate"), new AdapterOptions("space")] };

    private string StatePath => Path.Combine(_folder, "App.csproj.lora.chat.state");

    [Fact]
    public void Nothing_is_said_where_nothing_has_changed_or_nothing_is_known()
    {
        string? unknown = OptionsFile.FindChange(StatePath, _options);
        OptionsFile.Save(StatePath, _options);

        Assert.Null(unknown);
        Assert.Null(OptionsFile.FindChange(StatePath, _options with { }));
    }

    [Fact]
    public void An_option_is_named_as_the_user_writes_it_with_both_values()
    {
        OptionsFile.Save(StatePath, _options);

        Assert.Equal("DType has changed from 'auto' to 'float16'", OptionsFile.FindChange(StatePath, With(OptionTable.DType, "float16")));
        Assert.Equal("Version of the base model has changed from '' to '1.0'", OptionsFile.FindChange(StatePath, With(OptionTable.BaseVersion, "1.0")));
        Assert.Equal(
            "Combine has changed from 'sequential' to 'ties' and Density has changed from '' to '0.5'",
            OptionsFile.FindChange(StatePath, With(OptionTable.Combine, "ties", OptionTable.Density, "0.5"))
        );
        Assert.Equal(
            "Weight of adapter 'space' has changed from '1' to '0.5'",
            OptionsFile.FindChange(
                StatePath,
                _options with
                {
                    Adapters = [new AdapterOptions("pirate"), new AdapterOptions("space", OptionValues.None.With(OptionTable.Weight, "0.5"))],
                }
            )
        );
    }

    [Fact]
    public void Adapters_that_come_go_or_change_places_are_listed()
    {
        OptionsFile.Save(StatePath, _options);

        Assert.Equal(
            "the adapters have changed from 'pirate', 'space' to 'space', 'pirate'",
            OptionsFile.FindChange(StatePath, _options with { Adapters = [new AdapterOptions("space"), new AdapterOptions("pirate")] })
        );
        Assert.Equal(
            "the adapters have changed from 'pirate', 'space' to 'pirate'",
            OptionsFile.FindChange(StatePath, _options with { Adapters = [new AdapterOptions("pirate")] })
        );
    }

    [Fact]
    public void Another_version_of_the_package_is_named()
    {
        OptionsFile.Save(StatePath, _options);
        string file = OptionsFile.PathFor(StatePath);
        File.WriteAllText(file, File.ReadAllText(file).Replace("tool " + ToolVersion.Current, "tool 0.9.0", StringComparison.Ordinal));

        Assert.Equal($"LoraMerge.Build 0.9.0 has become {ToolVersion.Current}", OptionsFile.FindChange(StatePath, _options));
    }

    /// <summary>As after an update of the package.</summary>
    [Fact]
    public void A_file_that_knows_fewer_or_other_options_is_read_by_their_names()
    {
        OptionsFile.Save(StatePath, _options);
        string file = OptionsFile.PathFor(StatePath);
        string[] lines = [.. File.ReadAllLines(file).Where(line => !line.StartsWith("quantization ", StringComparison.Ordinal)).Prepend("of-yesterday 1")];
        File.WriteAllLines(file, lines);

        Assert.Null(OptionsFile.FindChange(StatePath, _options));
        Assert.Equal("DType has changed from 'auto' to 'float16'", OptionsFile.FindChange(StatePath, With(OptionTable.DType, "float16")));
    }

    [Fact]
    public void Every_option_of_a_key_has_a_name_that_users_know()
    {
        string[] lines = [.. new ModelOptions { Adapters = [new AdapterOptions("a")] }.ToLines()];
        OptionsFile.Save(StatePath, new ModelOptions { Adapters = [new AdapterOptions("a")] });
        string file = OptionsFile.PathFor(StatePath);

        foreach (string key in lines.Select(line => line.Split(' ')[0]).Where(key => key != "adapter"))
        {
            File.WriteAllLines(file, lines.Select(line => line.Split(' ')[0] == key ? $"{key} before" : line).Prepend("tool " + ToolVersion.Current));
            Assert.DoesNotMatch($"^{key}\\b", OptionsFile.FindChange(StatePath, new ModelOptions { Adapters = [new AdapterOptions("a")] }));
        }
    }

    private ModelOptions With(MergeOption option, string value) => _options with { Values = OptionValues.None.With(option, value) };

    private ModelOptions With(MergeOption option, string value, MergeOption other, string otherValue) =>
        _options with
        {
            Values = OptionValues.None.With(option, value).With(other, otherValue),
        };

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
