using System.Text.Json.Nodes;
using LoraMerge.Adapters;
using LoraMerge.Tests.Golden;
using NuGet.Versioning;

namespace LoraMerge.Tests.Adapters;

/// <summary>A configuration is dated by the fields that it has and lacks.</summary>
public sealed class PeftHistoryTests
{
    public static TheoryData<string, string> GoldenConfigs =>
    [
        .. from golden in GoldenCase.All
           let version = (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(golden.Folder, "case.json")))!["made_with"]?["peft"]
           let config = Path.Combine(golden.Folder, "adapter", AdapterSource.ConfigName)
           where version is not null && File.Exists(config) && golden.Expect != "error"
           select new TheoryDataRow<string, string>(golden.Name, version),
    ];

    [Theory]
    [MemberData(nameof(GoldenConfigs))]
    public void File_of_a_known_release_is_dated_to_a_range_that_holds_it(string name, string release)
    {
        ConfigFields fields = ConfigFields.Read(Path.Combine(GoldenCase.Root, name, "adapter", AdapterSource.ConfigName));

        AdapterOrigin origin = PeftHistory.Date(fields, AdapterKinds.Find(fields.Text("peft_type")!));

        Assert.NotEqual(false, origin.Follows(VersionRange.Parse($"[{release}]")));
    }

    [Theory]
    [InlineData("""{"enable_lora": null, "merge_weights": false}""", "before 0.3.0")]
    [InlineData("""{"init_lora_weights": true}""", "0.3.0 or later, before 0.4.0")]
    [InlineData("""{"peft_version": "0.18.1"}""", "0.18.1")]
    [InlineData("""{"peft_version": "0.18.2.dev0@1a2b3c4"}""", "0.18.1 or later, up to 0.19.0")]
    [InlineData("""{"peft_version": "0.19.0+local"}""", "0.19.0")]
    [InlineData("""{"use_dora": false}""", "0.9.0 or later")]
    [InlineData("{}", "any release")]
    public void Fields_date_a_file(string config, string releases)
    {
        var fields = new ConfigFields("adapter_config.json", JsonNode.Parse(config)!.AsObject());

        AdapterOrigin origin = PeftHistory.Date(fields, AdapterKinds.Find("LORA"));

        Assert.Equal(releases, origin.Releases);
    }

    [Theory]
    [InlineData("BONE", """{"exclude_modules": null}""", "0.14.0 or later, before 0.18.0")]
    [InlineData("BONE", "{}", "0.14.0 or later, before 0.19.0")]
    [InlineData(
        "LOKR",
        """{"decompose_both": false, "decompose_factor": -1, "rank_dropout_scale": false, "exclude_modules": null}""",
        "0.14.0 or later, before 0.18.0"
    )]
    [InlineData("OFT", """{"oft_block_size": 4, "exclude_modules": null, "use_cayley_neumann": true}""", "0.16.0 or later, before 0.18.0")]
    public void Other_kinds_have_fields_of_their_own(string kind, string config, string releases)
    {
        var fields = new ConfigFields("adapter_config.json", JsonNode.Parse(config)!.AsObject());

        AdapterOrigin origin = PeftHistory.Date(fields, AdapterKinds.Find(kind));

        Assert.Equal(releases, origin.Releases);
    }
}
