using SampleApp;

const string DefaultPrompt = "There was a little fox who lived near the river. The name of the fox was Lily. One";
string[] expectedModels = ["base", "pirate", "space"]; // as in sample-app.csproj

string prompt = args is [] ? DefaultPrompt : string.Join(' ', args);

string modelsFolder = Path.Combine(AppContext.BaseDirectory, "models");
StoryModel[] models = [.. StoryModel.FindIn(modelsFolder)];

foreach (StoryModel model in models)
{
    Console.WriteLine(model.Title);
    Console.WriteLine(new string('-', model.Title.Length));

    StoryTeller teller = StoryTeller.Load(model.Folder);
    if (!teller.CanContinue(prompt))
    {
        Console.Error.WriteLine($"The prompt is too long: with its answer, a story may have {teller.LongestStory} tokens.");
        return 1;
    }

    foreach (string piece in teller.Tell(prompt))
        Console.Write(piece);

    Console.WriteLine();
    Console.WriteLine();
}

string[] missing = [.. expectedModels.Except(models.Select(model => model.Name))];
foreach (string name in missing)
    Console.Error.WriteLine($"models/{name} is not in {AppContext.BaseDirectory}. `dotnet build` puts it there; if it does not, its output says why.");

return models.Length > 0 ? 0 : 1;
