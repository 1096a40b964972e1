using LoraMerge.FakeWorker;

var arguments = FakeArguments.Parse(args);
File.AppendAllText(Environment.GetEnvironmentVariable("FAKE_WORKER_LOG")!, $"{Environment.ProcessId} {arguments.Name}\n");
switch (Environment.GetEnvironmentVariable("FAKE_WORKER_BEHAVIOR"))
{
    case "crash":
        FakeMerge.LeaveHalf(arguments);
        Environment.FailFast("The fake was told to crash.");
        return 0;
    case "hang":
        FakeMerge.LeaveHalf(arguments);
        Console.WriteLine($"Merging for ever into {arguments.Name}");
        Thread.Sleep(Timeout.Infinite);
        return 0;
    case "refuse":
        Console.Error.WriteLine($"{Path.Combine(arguments.Adapters[0].Path, "adapter_config.json")}: error LORA3001: the fake refuses 'Äpfel'.");
        return 1;
    case "warn":
        Console.Error.WriteLine($"{arguments.BasePath}: warning LORA4999: the fake warns.");
        break;
    case "tell a hostile name":
        Console.WriteLine("Not in the merged model, as they are no part of one: x: error LORA1234: injected.");
        break;
    case "evict once" or "evict":
        // As 'lora-merge cache clear' beside a build, just after the merge.
        string seen = Environment.GetEnvironmentVariable("FAKE_WORKER_LOG") + ".evicted";
        int merged = FakeMerge.Run(arguments);
        if (!File.Exists(seen) || Environment.GetEnvironmentVariable("FAKE_WORKER_BEHAVIOR") == "evict")
            FakeMerge.TakeAwayAll(arguments);
        File.WriteAllText(seen, "");
        return merged;
    case "wait":
        // As a long merge: goes on when the test has seen this.
        Console.WriteLine("  10 % of 4.0 GB");
        string sign = Environment.GetEnvironmentVariable("FAKE_WORKER_LOG") + ".go";
        for (int i = 0; !File.Exists(sign); i++)
        {
            if (i > 1200)
                return 1;
            Thread.Sleep(100);
        }
        break;
}
return FakeMerge.Run(arguments);
