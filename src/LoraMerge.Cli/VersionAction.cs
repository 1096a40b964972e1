using System.CommandLine;
using LoraMerge.Devices;
using System.CommandLine.Invocation;
using System.Globalization;

namespace LoraMerge.Cli;

/// <summary>Prints the versions of all parts, and a sum that torch computed, to show that it works here.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine($"lora-merge {Merger.Version}");
        TorchVersions torch = TorchVersions.Read(nativesFolder: null);
        output.WriteLine($"TorchSharp {torch.TorchSharp}");
        output.WriteLine($"libtorch {torch.LibTorch}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"1 + 2 + 3 = {torch.Sum} (computed by torch on {torch.Threads} threads)"));
        return 0;
    }
}
