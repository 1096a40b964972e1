using System.CommandLine;

namespace LoraMerge.Cli;

/// <summary><c>runtime</c>: installs libtorch with CUDA for this user.</summary>
internal static class RuntimeCommand
{
    public static Command Create()
    {
        var which = new Argument<string>("runtime") { Description = "cuda" };
        which.AcceptOnlyFromAmong("cuda");
        var add = new Command("add", "Downloads a runtime (several GB, once) and installs it for this user.") { which };
        add.SetAction((parsed, cancellation) => CudaInstallation.RunAsync(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellation));
        return new Command("runtime", "Manages the libraries that merges run on.") { add };
    }
}
