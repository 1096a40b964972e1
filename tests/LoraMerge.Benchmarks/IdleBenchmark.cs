using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LoraMerge.Safetensors;
using LoraMerge.Tests;

namespace LoraMerge.Benchmarks;

/// <summary>
/// <c>idle</c>: what a build with nothing to merge takes more than that of the same project without the package. Packs the package, and builds outside the
/// repository.
/// </summary>
internal static class IdleBenchmark
{
    private const int BlockCount = 300;
    private const long SideLength = 2900;

    public static Command CreateCommand()
    {
        var runs = new Option<int>("--runs") { Description = "Pairs of builds.", DefaultValueFactory = _ => 15, HelpName = "N" };
        var command = new Command("idle", "Compares builds with nothing to merge to builds without the package; the model has 5 GB.") { runs };
        command.SetAction(parsed =>
        {
            string folder = Directory.CreateTempSubdirectory("lora-merge-benchmark-").FullName;
            try
            {
                Run(folder, parsed.GetValue(runs));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static void Run(string folder, int runs)
    {
        string version = $"1.0.0-bench.{DateTime.UtcNow.Ticks}";
        ProcessRun.Of(
            "dotnet",
            "pack",
            Path.Combine(Repository.Root, "src", "LoraMerge.Build"),
            "-o",
            Path.Combine(folder, "feed"),
            $"-p:PackageVersion={version}",
            "-p:LoraMergeRuntimes=linux-x64",
            "-nr:false"
        );
        File.WriteAllText(
            Path.Combine(folder, "nuget.config"),
            $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{folder}/packages" /></config>
              <packageSources><clear /><add key="feed" value="{folder}/feed" /></packageSources>
            </configuration>
            """
        );
        foreach (string file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            File.WriteAllText(Path.Combine(folder, file), "<Project />");
        string without = WriteProject(folder, "without", "");
        string with = WriteProject(
            folder,
            "with",
            $"""
            <PackageReference Include="LoraMerge.Build" Version="{version}" PrivateAssets="all" />
            <LoraBaseModel Include="base" /><LoraAdapter Include="adapter" />
            """
        );
        WriteModel(with);
        Build(without);
        Build(with);
        Thread.Sleep(TimeSpan.FromSeconds(3)); // inputs that are younger than their state's time are not trusted by their time alone
        Build(with);

        var pairs = new List<(double Without, double With)>();
        for (int run = 0; run < runs; run++)
        {
            // Alternately, so that neither always profits from what the other warmed.
            double first = Build(run % 2 == 0 ? without : with);
            double second = Build(run % 2 == 0 ? with : without);
            pairs.Add(run % 2 == 0 ? (first, second) : (second, first));
        }
        double extra = Medians.Of(pairs.Select(pair => pair.With - pair.Without));
        double plain = Medians.Of(pairs.Select(pair => pair.Without));
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Nothing to merge, {BlockCount * SideLength * SideLength * 2:N0} bytes: without the package {plain * 1000:0} ms, with it "
                    + $"{extra * 1000:+0;-0} ms ({extra / plain:+0.0%;-0.0%}); medians of {runs} pairs, differences from "
                    + $"{pairs.Min(pair => pair.With - pair.Without) * 1000:+0;-0} to {pairs.Max(pair => pair.With - pair.Without) * 1000:+0;-0} ms"
            )
        );
    }

    private static double Build(string folder) => ProcessRun.Of("dotnet", "build", folder, "-nr:false").Seconds;

    private static string WriteProject(string parent, string name, string items)
    {
        string folder = Directory.CreateDirectory(Path.Combine(parent, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "Program.cs"), "System.Console.WriteLine(\"Ahoy\");");
        File.WriteAllText(Path.Combine(folder, "App.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
              <ItemGroup>{items}</ItemGroup>
            </Project>
            """);
        return folder;
    }

    /// <summary>A base with nothing but zeros, which take no room on the disk, and an adapter of one module.</summary>
    private static void WriteModel(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "base"));
        WeightFile.WriteZeros(
            Path.Combine(folder, "base", "model.safetensors"),
            Enumerable.Range(0, BlockCount).Select(i => ($"model.layers.{i}.mlp.up_proj.weight", DType.BF16, ImmutableArray.Create(SideLength, SideLength)))
        );
        File.WriteAllText(Path.Combine(folder, "base", "config.json"), """{ "model_type": "llama" }""");

        Directory.CreateDirectory(Path.Combine(folder, "adapter"));
        const string Module = "base_model.model.model.layers.0.mlp.up_proj";
        WeightFile.WriteZeros(
            Path.Combine(folder, "adapter", "adapter_model.safetensors"),
            [($"{Module}.lora_A.weight", DType.F32, [4, SideLength]), ($"{Module}.lora_B.weight", DType.F32, [SideLength, 4])]
        );
        File.WriteAllText(
            Path.Combine(folder, "adapter", "adapter_config.json"),
            new JsonObject
            {
                ["peft_type"] = "LORA",
                ["r"] = 4,
                ["lora_alpha"] = 8,
                ["target_modules"] = new JsonArray("up_proj"),
            }.ToJsonString()
        );
    }
}
