using System.CommandLine;
using LoraMerge.Cli.Terminal;
using LoraMerge.Diagnostics;
using LoraMerge.Reports;
using LoraMerge.Requests;

namespace LoraMerge.Cli;

/// <summary><c>report</c>: a page that shows what a merge changes, of inputs that are merged for it, or of a merged model.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var options = new MergeOptions(isRequired: false);
        var model = new Argument<string?>("model")
        {
            Description = "Folder of a merged model: what its manifest tells. With base and adapters everything is measured.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = new Option<string?>("--output") { Description = "The page (default: NAME.report.html in this folder).", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Print all numbers as JSON instead of making a page." };
        var command = new Command("report", "Makes a page that shows what a merge changes: where, how much, and what of it the result's dtype keeps.")
        {
            model,
            json,
        };
        Option<int?> parentId = ParentWatch.Option();
        options.AddTo(command, output);
        command.Add(parentId);
        command.Validators.Add(result =>
        {
            if (options.AreGiven(result) ? !options.AreWhole(result) : result.GetResult(model) is not { Tokens.Count: > 0 })
                result.AddError("Give the folder of a merged model, or --base DIR and --adapter DIR, or all of them.");
        });
        command.SetAction(
            async (parsed, cancellation) =>
            {
                using ParentWatch? watch = ParentWatch.Start(parsed.GetValue(parentId));
                TextWriter lines = parsed.InvocationConfiguration.Output;
                string? merged = parsed.GetValue(model);
                bool asJson = parsed.GetValue(json);
                TextWriter error = parsed.InvocationConfiguration.Error;
                MergeRequest? request = options.AreWhole(parsed.CommandResult)
                    ? await options.ReadAsync(parsed, new HubEvents(error, error), cancellation)
                    : null;
                if (!asJson && parsed.GetValue(output) is string asked)
                    ReportFile.ThrowIfUnusable(asked, ModelsOf(request, merged));
                MergeReport report = request is not null
                    ? await ConsoleEvents.RunAsync(parsed, showsLines: false, asJson ? null : Screen.Of(parsed), tell =>
                        new Merger(tell).ReportAsync(request, merged, cancellation))
                    : Merger.ReportOf(merged!);
                if (asJson)
                {
                    await lines.WriteAsync(report.ToJson());
                    return 0;
                }
                if (parsed.GetValue(output) is not string page)
                    ReportFile.ThrowIfUnusable(page = FileNameOf(report), ModelsOf(request, merged));
                Write(report, page, lines);
                return 0;
            }
        );
        return command;
    }

    /// <summary>Writes the page and says where it is.</summary>
    /// <returns>Its full path.</returns>
    /// <exception cref="Diagnostics.LoraMergeException">LORA1109, LORA1150, LORA5020.</exception>
    public static string Write(MergeReport report, string path, TextWriter lines)
    {
        string file = ReportFile.Write(report, path);
        Tell(report.Manifest.Name, file, lines);
        return file;
    }

    /// <summary>Says where a page is.</summary>
    public static void Tell(string model, string file, TextWriter lines) => lines.WriteLine(VisibleText.Of($"Report of {model}: {file}"));

    /// <summary>Folders of models and adapters, of which none gets a page.</summary>
    public static IEnumerable<string> ModelsOf(MergeRequest? request, string? merged) =>
    [
        .. request is null ? [] : (string[])[request.BaseModel, .. request.Adapters.Select(adapter => adapter.Path)],
        .. merged is null ? [] : (string[])[merged],
    ];

    /// <summary>The name stands in a manifest, which may be anybody's: no path comes out of it.</summary>
    private static string FileNameOf(MergeReport report)
    {
        string name = string.Concat(report.Manifest.Name.Select(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));
        return $"{(name.Length > 100 ? name[..100] : name)}.report.html";
    }
}
