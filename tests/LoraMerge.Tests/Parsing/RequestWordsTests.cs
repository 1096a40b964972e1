using LoraMerge.Agreed.Options;
using LoraMerge.Requests;

namespace LoraMerge.Tests.Parsing;

/// <summary>The engine has every word that the table of options lets pass, and says it as the table does.</summary>
public sealed class RequestWordsTests
{
    private static readonly MergeRequest s_request = new("base", []);

    public static TheoryData<string, string> Words =>
        [
            .. OptionTable
                .All.Where(option => option.Switch is not null && option != OptionTable.CacheMaxSize)
                .SelectMany(option => ExamplesOf(option).Select(word => (option.Switch!, word))),
        ];

    [Theory]
    [MemberData(nameof(Words))]
    public void A_word_of_an_option_comes_back_as_it_went(string name, string word)
    {
        MergeOption option = OptionTable.All.Single(option => option.Switch == name);
        OptionValues given = OptionValues.None.With(option, word);

        OptionValues back = option.Owner == OptionOwner.Adapter
            ? RequestWords.Of(RequestWords.Apply(new AdapterRequest("adapter"), given))
            : RequestWords.Of(RequestWords.Apply(s_request, given));

        Assert.Equal(word, back[option]);
    }

    [Fact]
    public void A_request_without_options_has_the_defaults_of_the_table()
    {
        OptionValues values = RequestWords.Of(s_request).With(RequestWords.Of(new AdapterRequest("adapter")));

        Assert.All(
            OptionTable.All,
            option => Assert.Equal(option.Default, option.Switch is null && option != OptionTable.Weight ? option.Default : values[option])
        );
    }

    private static IEnumerable<string> ExamplesOf(MergeOption option) => option.Form.Kind switch
    {
        OptionFormKind.Words => option.Form.Words,
        OptionFormKind.Share => ["0", "0.50", "1"],
        OptionFormKind.Count => ["1", "16"],
        OptionFormKind.Size => option == OptionTable.MaxMemory ? ["1000000B"] : ["5GB", "1.5 GiB"],
        OptionFormKind.Device => ["auto", "cpu", "cuda", "cuda:1"],
        OptionFormKind.Digests => [new string('a', 64), $"config.json={new string('a', 64)};model.safetensors={new string('b', 64)}"],
        _ => ["1.0"],
    };
}
