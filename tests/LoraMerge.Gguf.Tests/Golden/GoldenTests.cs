using LoraMerge.Gguf.Assembly;
using LoraMerge.Gguf.Container;
using LoraMerge.Gguf.Faults;
using LoraMerge.Gguf.Layout;

namespace LoraMerge.Gguf.Tests.Golden;

/// <summary>From config, names, shapes and side files to finished files, held to those that llama.cpp made of the same merged weights.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string, string> Models => [.. Cases("gguf", "gguf-or-error")];

    public static TheoryData<string, string> Faults => [.. Cases("error")];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_becomes_the_file_that_llama_cpp_makes_of_it(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        long? limit = golden.Case.GetProperty("arguments").GetArrayLength() > 0 ? 100_000 : null;

        foreach (string type in golden.Types)
        {
            GgufLayout layout = GgufLayoutBuilder.Build(merge.Source, type);
            var assembler = new TensorAssembler(merge.Read, threads: 2);
            string[] paths = [.. GgufModelWriter.Write(
                layout, golden.OutputFolder, $"{name}-{type}", limit, assembler, TestContext.Current.CancellationToken)];

            using GgufModel model = GgufModel.Open(paths[0]);
            if (limit is not null)
                Assert.True(paths.Length > 1);
            new ExpectedFile(golden.Expected, merge, type).Check(model);
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_model_that_cannot_be_said_is_refused(string archive, string name)
    {
        using GoldenCase golden = GoldenCase.Open(archive, name);
        var merge = new ExactMerge(golden.BaseFolder, golden.AdapterFolder);
        string type = golden.Types.Single();
        var assembler = new TensorAssembler(merge.Read, threads: 1);

        GgufLayoutException e = Assert.Throws<GgufLayoutException>(() => GgufModelWriter.Write(
            GgufLayoutBuilder.Build(merge.Source, type), golden.OutputFolder, name, null, assembler, TestContext.Current.CancellationToken));

        Assert.Equal(ExpectedFaults[name], e.Fault);
        Assert.Empty(Directory.EnumerateFiles(golden.OutputFolder));
    }

    private static Dictionary<string, LayoutFault> ExpectedFaults { get; } = new(StringComparer.Ordinal)
    {
        ["error-activation"] = LayoutFault.ConfigNotSayable,
        ["error-architecture"] = LayoutFault.ArchitectureUnknown,
        ["error-expert-missing"] = LayoutFault.TensorMissing,
        ["error-merges-missing"] = LayoutFault.TokenizerInvalid,
        ["error-norm-topk"] = LayoutFault.ConfigNotSayable,
        ["error-pre-unknown"] = LayoutFault.PreTokenizerUnknown,
        ["error-pre-unknown-digits"] = LayoutFault.PreTokenizerUnknown,
        ["error-rope-unknown"] = LayoutFault.ConfigNotSayable,
        ["error-spm-broken"] = LayoutFault.TokenizerInvalid,
        ["error-tensor-missing"] = LayoutFault.TensorMissing,
        ["error-tensor-unknown"] = LayoutFault.TensorUnknown,
        ["error-tokenizer-missing"] = LayoutFault.TokenizerMissing,
        ["error-too-large-for-f16"] = LayoutFault.ValueNotRepresentable,
        ["error-type-unknown"] = LayoutFault.QuantizationUnknown,
        ["error-unigram"] = LayoutFault.TokenizerNotSayable,
        ["error-vocabulary-too-small"] = LayoutFault.VocabularyMismatch,
    };

    private static IEnumerable<TheoryDataRow<string, string>> Cases(params string[] expectations) => GoldenCase.All
        .Where(golden => expectations.Contains(GoldenCase.ExpectationOf(golden.Archive, golden.Name)))
        .Select(golden => new TheoryDataRow<string, string>(golden.Archive, golden.Name));
}
