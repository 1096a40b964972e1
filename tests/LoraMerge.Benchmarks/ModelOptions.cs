using System.CommandLine;
using LoraMerge.Requests;
using LoraMerge.Safetensors;

namespace LoraMerge.Benchmarks;

/// <summary>The options that say which model is made.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string> _size = new("--size")
    {
        Description = "About how large the model is.",
        DefaultValueFactory = _ => "4GB",
        HelpName = "SIZE",
    };
    private readonly Option<string> _dtype = new("--dtype")
    {
        Description = "bf16, f16 or f32.",
        DefaultValueFactory = _ => "bf16",
        HelpName = "DTYPE",
    };
    private readonly Option<int> _rank = new("--rank")
    {
        Description = "Rank of the adapter.",
        DefaultValueFactory = _ => 16,
        HelpName = "R",
    };
    private readonly Option<string> _targets = new("--targets")
    {
        Description = "all: every linear layer; attention: only those of attention.",
        DefaultValueFactory = _ => "all",
        HelpName = "WHICH",
    };

    public void AddTo(Command command)
    {
        command.Add(_size);
        command.Add(_dtype);
        command.Add(_rank);
        command.Add(_targets);
        _dtype.AcceptOnlyFromAmong("bf16", "f16", "f32");
        _targets.AcceptOnlyFromAmong("all", "attention");
        _size.Validators.Add(result =>
        {
            if (!ByteSize.TryParse(result.Tokens.Count == 1 ? result.Tokens[0].Value : "4GB", out ByteSize? _))
                result.AddError("--size: give a size such as 4GB.");
        });
    }

    public RandomModel Generate(ParseResult parsed, string folder)
    {
        DType dtype = Enum.Parse<DType>(parsed.GetValue(_dtype)!, ignoreCase: true);
        _ = ByteSize.TryParse(parsed.GetValue(_size)!, out ByteSize? size);
        var shape = LlamaShape.OfSize(size!.Bytes, dtype);
        return RandomModel.Write(folder, shape, parsed.GetValue(_rank), parsed.GetValue(_targets) == "all");
    }
}
