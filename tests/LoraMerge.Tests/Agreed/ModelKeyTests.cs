using System.Globalization;
using LoraMerge.Agreed.Fingerprints;
using LoraMerge.Agreed.Options;

namespace LoraMerge.Tests.Agreed;

public sealed class ModelKeyTests
{
    private static readonly ModelOptions s_options = new() { Name = "base", BaseName = "base", Adapters = [new AdapterOptions("pirate")] };

    [Fact]
    public void Every_option_that_decides_bytes_is_part_of_the_key_and_no_other()
    {
        ModelOptions[] others =
        [
            s_options with { Name = "other" },
            s_options with { BaseName = "other" },
            s_options with { Adapters = [new AdapterOptions("space")] },
            s_options with { Adapters = [new AdapterOptions("pirate"), new AdapterOptions("pirate")] },
            .. OptionTable.All.Where(option => option.Key is not null).Select(With),
        ];

        IEnumerable<string> keys = others.Prepend(s_options).Select(options => ModelKey.Compute("1.0.0", options, []));

        Assert.Distinct(keys);
        Assert.All(OptionTable.All.Where(option => option.Key is null), option => Assert.Equal(keys.First(), ModelKey.Compute("1.0.0", With(option), [])));
    }

    [Fact]
    public void An_option_that_is_given_as_what_it_is_anyway_changes_no_key() =>
        Assert.All(OptionTable.All.Where(option => option.Default is not null), option => Assert.Equal(
            ModelKey.Compute("1.0.0", s_options, []),
            ModelKey.Compute("1.0.0", With(option, option.Default!), [])));

    [Fact]
    public void Contents_names_and_version_are_part_of_the_key()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json");
        folder.Write("tokenizer.json");
        InputRoot root = InputFiles.OfBase(folder.Path);

        string[] keys =
        [
            ModelKey.Compute("1.0.0", s_options, [new HashedInput(root, root.Files[0], "aa")]),
            ModelKey.Compute("1.0.1", s_options, [new HashedInput(root, root.Files[0], "aa")]),
            ModelKey.Compute("1.0.0", s_options, [new HashedInput(root, root.Files[0], "bb")]),
            ModelKey.Compute("1.0.0", s_options, [new HashedInput(root, root.Files[1], "aa")]),
        ];

        Assert.Distinct(keys);
    }

    [Fact]
    public void A_culture_with_decimal_commas_changes_no_key()
    {
        ModelOptions options = s_options with
        {
            Adapters = [new AdapterOptions("pirate", OptionValues.None.With(OptionTable.Weight, OptionTable.Weight.Form.TryRead("0.1")))],
        };
        string expected = ModelKey.Compute("1.0.0", options, []);
        CultureInfo before = CultureInfo.CurrentCulture;

        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            Assert.Equal(expected, ModelKey.Compute("1.0.0", options, []));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_weight_file_is_named_without_its_extension_and_a_folder_with_all_of_its_name()
    {
        Assert.Equal("llama.v2", ModelOptions.NameOf("models/llama.v2.safetensors", isFile: true));
        Assert.Equal("llama-3.2", ModelOptions.NameOf("models/llama-3.2/", isFile: false));
    }

    private static ModelOptions With(MergeOption option) => With(option, "another");

    private static ModelOptions With(MergeOption option, string value) => option.Owner == OptionOwner.Adapter
        ? s_options with { Adapters = [new AdapterOptions("pirate", OptionValues.None.With(option, value))] }
        : s_options with { Values = OptionValues.None.With(option, value) };
}
