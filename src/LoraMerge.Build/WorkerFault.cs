using System.Text.RegularExpressions;

namespace LoraMerge.Build;

/// <summary>A line of the worker in MSBuild's form: <c>ORIGIN: error LORA3004: text</c>.</summary>
/// <param name="Origin">The file that is at fault, or the worker's name.</param>
/// <param name="IsError">An error, or else a warning.</param>
/// <param name="Code"><c>LORA</c> and four digits.</param>
/// <param name="Text">What is wrong, without the code.</param>
internal sealed record WorkerFault(string Origin, bool IsError, string Code, string Text)
{
    private static readonly Regex s_form = new(
        @"^(?<origin>.*?)(\(\d+(,\d+)?\))?\s*:\s*(?<severity>error|warning) (?<code>LORA\d{4}): (?<text>.*)$", RegexOptions.CultureInvariant);

    public static WorkerFault? TryParse(string line)
    {
        Match match = s_form.Match(line);
        return match.Success
            ? new WorkerFault(
                match.Groups["origin"].Value.Trim(),
                match.Groups["severity"].Value == "error",
                match.Groups["code"].Value,
                match.Groups["text"].Value
            )
            : null;
    }
}
