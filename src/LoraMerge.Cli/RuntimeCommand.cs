using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Devices;

namespace LoraMerge.Cli;

/// <summary><c>runtime</c>: what merges run on; installs libtorch with CUDA for this user.</summary>
internal static class RuntimeCommand
{
    public static Command Create()
    {
        var which = new Argument<string>("runtime") { Description = "cuda" };
        which.AcceptOnlyFromAmong("cuda");
        var add = new Command("add", "Downloads a runtime (several GB, once) and installs it for this user.") { which };
        add.SetAction(
            (parsed, cancellation) => CudaInstallation.RunAsync(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellation)
        );
        Option<bool> json = JsonText.Option();
        var show = new Command("show", "Says which libraries merges run on here, and lets torch compute something.") { json };
        show.SetAction(parsed =>
        {
            TorchVersions torch = TorchVersions.Read(nativesFolder: null);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.Write(ToJson(torch));
                return;
            }
            output.WriteLine($"TorchSharp {torch.TorchSharp}, libtorch {torch.LibTorch}");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"1 + 2 + 3 = {torch.Sum} (computed by torch on {torch.Threads} threads)"));
            output.WriteLine(CudaRuntime.Folder is string cuda ? $"CUDA: {cuda}" : "CUDA: not installed ('lora-merge runtime add cuda', several GB)");
        });
        return new Command("runtime", "Shows and adds the libraries that merges run on.") { show, add };
    }

    private static string ToJson(TorchVersions torch) => JsonText.Of(new JsonObject
    {
        ["loraMerge"] = Merger.Version,
        ["torchSharp"] = torch.TorchSharp,
        ["libTorch"] = torch.LibTorch,
        ["threads"] = torch.Threads,
        ["sum"] = torch.Sum,
        ["cuda"] = CudaRuntime.Folder,
    });
}
