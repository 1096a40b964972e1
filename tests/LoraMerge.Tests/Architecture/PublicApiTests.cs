using LoraMerge.Safetensors;
using PublicApiGenerator;

namespace LoraMerge.Tests.Architecture;

/// <summary>What the libraries promise to programs: a change of it is seen in the file that lists it.</summary>
public sealed class PublicApiTests
{
    /// <summary>Set to write the files anew.</summary>
    private const string UpdateVariable = "LORAMERGE_UPDATE_PUBLIC_API";

    public static TheoryData<string> Libraries => ["LoraMerge", "LoraMerge.Safetensors"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_librarys_public_api_is_the_one_that_is_listed(string library)
    {
        string file = Path.Combine(Repository.Root, "src", library, "PublicApi.txt");
        Type type = library == "LoraMerge" ? typeof(Merger) : typeof(DType);
        string api = type.Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(file, api);

        Assert.True(
            api == File.ReadAllText(file).ReplaceLineEndings("\n"),
            $"The public API of {library} is not what {file} lists. Run this test with {UpdateVariable}=1 and look at the difference."
        );
    }
}
