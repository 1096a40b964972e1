using System.Reflection;
using LoraMerge.Cli;
using LoraMerge.Faults.Scenes;

namespace LoraMerge.Faults;

/// <summary>The command line in this process: a merge takes a fiftieth of the time that a process of its own would.</summary>
internal static class InProcess
{
    private static readonly TimeSpan s_longestRun = TimeSpan.FromMinutes(1);

    /// <summary>The same as a process, as it lies beside this program.</summary>
    public static string[] LoraMerge { get; } = ["dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "lora-merge.dll")];

    /// <summary>A scene's run as a process of this program; the scene's name and its folder follow.</summary>
    public static string[] Victim { get; } = ["dotnet", "exec", Assembly.GetExecutingAssembly().Location, "victim"];

    /// <exception cref="TimeoutException">It hangs.</exception>
    public static Outcome Run(string[] arguments)
    {
        var said = new StringWriter();
        using var text = TextWriter.Synchronized(said);
        try
        {
            Task<int> run = Task.Run(() => CommandLine.RunAsync(arguments, text, text));
            int exitCode = run.WaitAsync(s_longestRun).GetAwaiter().GetResult();
            return new Outcome(exitCode, said.ToString());
        }
        catch (Exception fault) when (fault is not TimeoutException)
        {
            return new Outcome(Outcome.Crash, $"{said}{fault}");
        }
        finally
        {
            // What a fault left to the finalizers would otherwise be closed in the middle of a later run.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
