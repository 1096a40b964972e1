using System.Diagnostics;
using LoraMerge.Faults.Shim;

namespace LoraMerge.Faults.Scenes;

/// <summary>Something that is tried: a folder in a known state, and a run that takes it to another.</summary>
/// <remarks>
/// What is right is not written down but seen: the clean run shows the end, and after a fault every model has to be as it was or as in the end.
/// </remarks>
internal abstract class Scene : IDisposable
{
    private static readonly TimeSpan s_longestRun = TimeSpan.FromMinutes(3);

    private string? _parent;
    private FolderState? _start;
    private FolderState? _end;

    /// <summary>As it is written on the command line and in the tables.</summary>
    public abstract string Name { get; }

    /// <summary>Relative path of the folder that the run writes to.</summary>
    public abstract string WrittenFolder { get; }

    /// <summary>The folder; all calls for what lies below it are counted.</summary>
    public string Root => Path.Combine(Parent, "work");

    /// <summary>Of how many points a sweep tries one: more than one where each takes seconds.</summary>
    public virtual int Stride => 1;

    /// <summary>The files whose calls count: all below the root, or some of them.</summary>
    public CallScope Scope => new(Root, CountedParts);

    /// <summary>Where models lie in a state.</summary>
    public abstract IEnumerable<ModelPlace> PlacesIn(FolderState state);

    /// <summary>Relative paths of files that belong to somebody else.</summary>
    protected abstract IReadOnlyList<string> Foreign { get; }

    /// <summary>Parts of the relative paths that count; none where all do.</summary>
    protected virtual IReadOnlyList<string> CountedParts => [];

    private string Kept => Path.Combine(Parent, "kept");

    private string Parent => _parent ?? throw new InvalidOperationException("The scene has not been prepared.");

    private FolderState Start => _start ?? throw new InvalidOperationException("The scene has not been prepared.");

    private FolderState End => _end ?? throw new InvalidOperationException("The scene has not been prepared.");

    /// <summary>Makes the state before, and sees what a clean run makes of it.</summary>
    /// <returns>What does not hold even then.</returns>
    public IReadOnlyList<string> Prepare()
    {
        _parent = WorkFolder.Create("scene").FullName;
        Directory.CreateDirectory(Root);
        Build();
        foreach (string path in Foreign)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, path))!);
            File.WriteAllText(Path.Combine(Root, path), "mine");
            File.SetLastWriteTimeUtc(Path.Combine(Root, path), DateTime.UtcNow.AddDays(-1)); // old enough to be taken for rubbish
        }
        Execute("cp", "-a", Root, Kept);
        _start = FolderState.Of(Root);
        _end = RunCleanly();
        return [.. Foreign.Where(path => End[path] != Start[path]).Select(path => $"'{path}' is gone, or another")];
    }

    /// <summary>Inputs as they may become, one at a time.</summary>
    public IReadOnlyList<ChangedInput> PrepareChanges()
    {
        List<ChangedInput> changes = [];
        foreach ((string path, byte[] bytes) in TinyInputs.Changes(Root))
        {
            Reset();
            string file = Path.Combine(Parent, "changed-" + path.Replace('/', '-'));
            File.WriteAllBytes(file, bytes);
            File.Copy(file, Path.Combine(Root, path), overwrite: true);
            changes.Add(new ChangedInput(path, file, RunCleanly()));
        }
        return changes;
    }

    /// <summary>Puts the folder back into the state before.</summary>
    public void Reset()
    {
        CloseWhatIsLeft();
        Directory.Delete(Root, recursive: true);
        Execute("cp", "-a", Kept, Root);
    }

    /// <summary>The run, in this process.</summary>
    /// <exception cref="TimeoutException">It hangs.</exception>
    public Outcome Run() => RunIn(Root);

    /// <summary>The run, in this process.</summary>
    /// <param name="root">The folder.</param>
    /// <exception cref="TimeoutException">It hangs.</exception>
    public abstract Outcome RunIn(string root);

    /// <summary>The run in a process of its own.</summary>
    public Outcome RunProcess()
    {
        using Process process = StartProcess();
        return WaitFor(process);
    }

    /// <summary>Starts the run in a process of its own. All that it says goes into one stream.</summary>
    public Process StartProcess()
    {
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" 2>&1", "sh", .. Command(Root)]) { RedirectStandardOutput = true };
        Configure(start);
        return Process.Start(start)!;
    }

    /// <summary>Waits for its end, and for that of the processes that it has started.</summary>
    /// <exception cref="TimeoutException">It hangs.</exception>
    public Outcome WaitFor(Process process)
    {
        const int Killed = 128 + 9;
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        // A worker whose build was killed has the same output, so that this waits for it, too.
        if (!text.Wait(s_longestRun) || !process.WaitForExit(s_longestRun))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{Name} hangs.");
        }
        return new Outcome(process.ExitCode == Killed ? null : process.ExitCode, text.Result);
    }

    /// <summary>What does not hold after a run that something has hit.</summary>
    /// <param name="outcome">How the run ended.</param>
    /// <param name="mayLeave">Whether the fault kept it from tidying up.</param>
    /// <param name="change">An input that became another; null where they all stayed.</param>
    public IReadOnlyList<string> Judge(Outcome outcome, bool mayLeave, ChangedInput? change = null) =>
        [.. new Judgement(this, Start, change is null ? [End] : [End, change.End], FolderState.Of(Root)).Of(outcome, mayLeave, change?.Path)
            .Select(WithoutRoot)];

    /// <summary>What does not hold after the run that follows, to which nothing happens.</summary>
    public IReadOnlyList<string> JudgeNext(Outcome outcome, ChangedInput? change = null) =>
        [.. new Judgement(this, Start, [change?.End ?? End], FolderState.Of(Root)).OfLast(outcome).Select(WithoutRoot)];

    /// <summary>Before the run that follows: what remains of a killed one may be swept only when it is old enough to belong to nobody who lives.</summary>
    public void Settle()
    {
        CloseWhatIsLeft();
        foreach (string path in FolderState.Of(Root).Paths.Where(path => Start[path] is null && End[path] is null).Select(path => Path.Combine(Root, path))
            .Where(File.Exists))
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2));
    }

    /// <summary>Whether a file holds times or the like: only that it is there can be compared.</summary>
    public virtual bool IsVolatile(string path) => false;

    /// <summary>Whether a place may hold neither model, in a way that nobody takes for one.</summary>
    public virtual bool MayBeNone(ModelPlace place, FolderState now) => false;

    /// <summary>Whether errors speak of what is in a place.</summary>
    public virtual bool IsSpokenOf(ModelPlace place) => true;

    /// <summary>Whether a file is no rubbish, though a clean run has none.</summary>
    public virtual bool MayStay(string path) => false;

    /// <summary>Whether a file that a clean run takes away may outlive the next run.</summary>
    public virtual bool MayOutlive(string path) => false;

    /// <summary>Runs a program that has to end well.</summary>
    public static void Execute(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}");
    }

    public void Dispose()
    {
        if (_parent is not null)
            Directory.Delete(_parent, recursive: true);
    }

    /// <summary>Fills the root, but for the files of others.</summary>
    protected abstract void Build();

    /// <summary>The run as a process of its own.</summary>
    protected abstract string[] Command(string root);

    /// <summary>What such a process needs else.</summary>
    protected virtual void Configure(ProcessStartInfo start)
    {
    }

    /// <summary>What a fault has left to the finalizers would otherwise be closed in the middle of a later run.</summary>
    private static void CloseWhatIsLeft()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private FolderState RunCleanly()
    {
        Outcome clean = Run();
        return clean.IsGood ? FolderState.Of(Root) : throw new InvalidOperationException($"{Name}: the clean run ended with {clean.ExitCode}: {clean.Text}");
    }

    private string WithoutRoot(string complaint) => complaint.Replace(Root + "/", "", StringComparison.Ordinal);
}
