using System.CommandLine;
using LoraMerge.Faults;
using LoraMerge.Faults.Scenes;
using LoraMerge.Faults.Shim;
using LoraMerge.Faults.Trials;

var scenes = new Option<string[]>("--scene") { Description = $"What is tried: {string.Join(", ", AllScenes.Names)} (default: all).", HelpName = "NAME" };
string allKinds = string.Join(", ", FaultKind.All.Select(kind => kind.Name));
var kinds = new Option<string[]>("--fault") { Description = $"Which faults: {allKinds} (default: all).", HelpName = "NAME" };
var step = new Option<int>("--step") { Description = "Try every N-th point only.", DefaultValueFactory = _ => 1, HelpName = "N" };
var processes = new Option<bool>("--processes") { Description = "Each run in a process of its own." };
var count = new Option<int>("--count") { Description = "How many.", DefaultValueFactory = _ => 200, HelpName = "N" };
var seed = new Option<int>("--seed") { Description = "Of the moments (default: another one each time).", HelpName = "N" };
seed.DefaultValueFactory = _ => Environment.TickCount;

var sweep = new Command("sweep", "Each fault at each call.") { scenes, kinds, step, processes };
sweep.SetAction(parsed => Try(TrialPlan.Sweep(Scenes(parsed), Kinds(parsed), parsed.GetValue(step), parsed.GetValue(processes))));
var kills = new Command("kills", "SIGKILL at random moments.") { scenes, count, seed };
kills.SetAction(parsed => Try(TrialPlan.RandomKills(Scenes(parsed), parsed.GetValue(count), parsed.GetValue(seed))));
var disk = new Command("disk", "Disks of every size, up to one that is large enough. Needs the right to mount.") { scenes, step };
disk.SetAction(parsed => Try(TrialPlan.FullDisk(Scenes(parsed), parsed.GetValue(step))));
var changes = new Command("changes", "Inputs that change while they are read.") { scenes, step };
changes.SetAction(parsed => Try(TrialPlan.Changes(Scenes(parsed), parsed.GetValue(step))));
var races = new Command("races", "Two builds with one cache folder, and somebody who empties it.") { count, seed };
races.SetAction(parsed => Try(TrialPlan.CacheRace(parsed.GetValue(count), parsed.GetValue(seed))));
var order = new Command("order", "Whether all of a model is on the disk before it gets its name.") { scenes };
order.SetAction(parsed => Try(TrialPlan.FlushOrder(Scenes(parsed))));
var all = new Command("all", "All of these.") { count, step, seed };
all.SetAction(parsed => Try(TrialPlan.All(parsed.GetValue(count), parsed.GetValue(step), parsed.GetValue(seed))));

var scene = new Argument<string>("scene");
var point = new Argument<string>("point") { Description = "As a sweep shows it, such as eio/rename/2." };
var one = new Command("point", "One point of a sweep again.") { scene, point, processes };
one.SetAction(parsed => Try([(parsed.GetValue(scene)!, TrialSpec.Point(parsed.GetValue(point)!, parsed.GetValue(processes)))]));

var words = new Argument<string[]>("trial");
var first = new Option<string?>("--first");
var worker = new Command("worker", "What the others start.") { scene, words, first };
worker.Hidden = true;
worker.SetAction(parsed => Worker.Run(parsed.GetValue(scene)!, new TrialSpec(parsed.GetValue(words)!), parsed.GetValue(first)));

var root = new Argument<string>("root");
var victim = new Command("victim", "A scene's run, to be killed.") { scene, root };
victim.Hidden = true;
victim.SetAction(parsed =>
{
    Outcome outcome = AllScenes.Create(parsed.GetValue(scene)!).RunIn(parsed.GetValue(root)!);
    Console.WriteLine(outcome.Text);
    return outcome.ExitCode ?? 1;
});

var program = new RootCommand("Tries merges and builds with faults of the system.") { sweep, kills, disk, changes, races, order, all, one, worker, victim };
return program.Parse(args).Invoke();

string[] Scenes(ParseResult parsed) => parsed.GetValue(scenes) ?? [];

IReadOnlyList<FaultKind> Kinds(ParseResult parsed) => parsed.GetValue(kinds) is { Length: > 0 } chosen ? [.. chosen.Select(FaultKind.Parse)] : FaultKind.All;

static int Try(IEnumerable<(string Scene, TrialSpec Trial)> plan)
{
    const int Impossible = 2;

    if (plan.Any(part => part.Trial.Mounts) && !OwnMounts.AreAllowed())
    {
        Console.Error.WriteLine("This user cannot mount a file system here.");
        return Impossible;
    }
    string folder = WorkFolder.Create("shim").FullName;
    try
    {
        if (ShimLibrary.TryBuild(folder, out string reason) is not string library)
        {
            Console.Error.WriteLine(reason);
            return Impossible;
        }
        var preloaded = new Preloaded(library, folder);
        var report = new Report(Console.Out);
        foreach ((string scene, TrialSpec trial) in plan)
            report.Add(scene, trial.Title, preloaded.Run(scene, trial));
        return report.End() ? 0 : 1;
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}
