using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace LoraMerge.Cli;

/// <summary>Help as the library prints it, with command lines that can be pasted.</summary>
/// <param name="help">The library's.</param>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    private static readonly Dictionary<string, string[]> s_examples = new()
    {
        ["lora-merge"] =
        [
            "lora-merge inspect adapters/pirate",
            "lora-merge merge --base models/base --adapter adapters/pirate --output merged",
        ],
        ["merge"] =
        [
            "lora-merge merge --base models/base --adapter adapters/pirate --output merged",
            "lora-merge merge --base models/base --adapter adapters/pirate=0.7 --adapter adapters/space=0.3 --output merged",
            "lora-merge merge --base models/base --adapter adapters/pirate --output merged --format gguf --quantization Q4_K_M",
        ],
        ["plan"] = ["lora-merge plan --base models/base --adapter adapters/pirate", "lora-merge plan --base models/base --adapter adapters/pirate --json"],
        ["inspect"] = ["lora-merge inspect adapters/pirate", "lora-merge inspect merged --json"],
        ["verify"] = ["lora-merge verify merged --base models/base --adapter adapters/pirate"],
        ["dequantize"] = ["lora-merge dequantize --base models/base-4bit --output plain"],
        ["fetch"] = ["lora-merge fetch hf://Qwen/Qwen2.5-0.5B-Instruct", "lora-merge fetch --update"],
        ["report"] =
        [
            "lora-merge report --base models/base --adapter adapters/pirate --output page.html",
            "lora-merge report merged",
        ],
        ["diff"] = ["lora-merge diff models/base merged"],
        ["list"] = ["lora-merge cache list obj/lora"],
        ["prune"] = ["lora-merge cache prune obj/lora --max-size 20GB --unused-for 30"],
        ["clear"] = ["lora-merge cache clear obj/lora"],
        ["add"] = ["lora-merge runtime add cuda"],
        ["completion"] = ["lora-merge completion bash >> ~/.bashrc"],
    };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = help.Invoke(parseResult);
        Command command = parseResult.CommandResult.Command;
        if (s_examples.TryGetValue(command is RootCommand ? "lora-merge" : command.Name, out string[]? examples))
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in examples)
                output.WriteLine("  " + example);
            output.WriteLine();
        }
        return exitCode;
    }
}
