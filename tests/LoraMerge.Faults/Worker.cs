using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;
using LoraMerge.Faults.Trials;

namespace LoraMerge.Faults;

/// <summary>The process with the shim: it carries a trial out, and says what became of each point in a line of its own.</summary>
internal static class Worker
{
    /// <summary>The line after a trial that came to its end.</summary>
    public const string Done = "done";

    /// <summary>After a run that hangs this process is of no more use.</summary>
    public const int Hung = 3;

    public static int Run(string sceneName, TrialSpec trial, string? first)
    {
        using FaultBlock block = FaultBlock.Open(Environment.GetEnvironmentVariable(FaultBlock.Variable)!);
        using Scene scene = AllScenes.Create(sceneName);
        foreach (string complaint in scene.Prepare())
            Say(new PointResult("clean", "the run without a fault", [complaint]));
        try
        {
            trial.Create(scene, block).Run(first, Say);
        }
        catch (TimeoutException)
        {
            return Hung;
        }
        Console.WriteLine(Done);
        return 0;
    }

    private static void Say(PointResult result)
    {
        Console.WriteLine(result.ToLine());
        Console.Out.Flush();
    }
}
