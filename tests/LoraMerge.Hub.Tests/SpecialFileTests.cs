using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using LoraMerge.Hub.Faults;
using LoraMerge.Hub.Fetching;
using LoraMerge.Hub.Locking;
using LoraMerge.Hub.Places;
using LoraMerge.Hub.Tests.Server;

namespace LoraMerge.Hub.Tests;

/// <summary>Pipes, sockets and devices planted where files of a cache belong: whoever opened one would wait for ever, or read what never ends.</summary>
public sealed class SpecialFileTests
{
    private const string Empty = "additional_chat_templates/empty.jinja";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Plants => [.. ((string[])["pipe", "socket", "device"]).SelectMany(
        kind => ((string[])["snapshot", "blob", "empty blob", "partial", "lock", "ref", "own list", "kept list", "known"]).Select(place => (kind, place)))];

    [Theory]
    [MemberData(nameof(Plants))]
    public async Task In_the_cache_it_counts_as_absent(string kind, string place)
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel().Small(Empty, "");
        FetchedRepository first = await bench.Fetch();
        await Plant(kind, PathOf(place, bench.Folder(), repository));

        FetchedRepository fetched = await bench.Fetch().WaitAsync(s_patience, Token);

        Assert.Equal(first.Names, fetched.Names);
        foreach (string name in fetched.Names)
            Assert.Equal(repository.Files[name].Bytes, await File.ReadAllBytesAsync(Path.Combine(fetched.Folder, name), Token).WaitAsync(s_patience, Token));
    }

    [Theory]
    [InlineData("snapshot")]
    [InlineData("blob")]
    [InlineData("empty blob")]
    public async Task Offline_it_is_missing(string place)
    {
        await using var bench = new HubBench();
        HubRepository repository = bench.AddModel().Small(Empty, "");
        await bench.Fetch();
        await Plant("pipe", PathOf(place, bench.Folder(), repository));
        bench.Set("HF_HUB_OFFLINE", "1");

        HubException fault = await bench.Fault().WaitAsync(s_patience, Token);

        Assert.Equal(HubCode.Offline, fault.Code);
    }

    [Theory]
    [InlineData("pipe", "it is a pipe")]
    [InlineData("socket", "it is a socket")]
    [InlineData("device", "it is a device")]
    public async Task In_the_place_of_the_lock_file_it_is_named(string kind, string reason)
    {
        await using var bench = new HubBench();
        string path = Path.Combine(bench.Home, "lora.lock.json");
        await Plant(kind, path);

        HubException fault = await Assert.ThrowsAsync<HubException>(
            () => Task.Run(() => LockFile.ChangeAsync(path, models => models, Token)).WaitAsync(s_patience, Token));

        Assert.Equal(HubCode.LockFileUnsound, fault.Code);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path + ".lora-lock"));
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("socket")]
    public async Task In_the_place_of_the_lock_files_guard_it_does_not_wait(string kind)
    {
        await using var bench = new HubBench();
        string path = Path.Combine(bench.Home, "lora.lock.json");
        await Plant(kind, path + ".lora-lock");

        Exception? fault = await Record.ExceptionAsync(() => Task.Run(() => LockFile.ChangeAsync(path, models => models, Token)).WaitAsync(s_patience, Token));

        Assert.True(fault is null or HubException { Code: HubCode.LockFileNotAccessible }, fault?.ToString());
    }

    private static string PathOf(string place, HubFolder folder, HubRepository repository)
    {
        HubContents weights = repository.Files["model.safetensors"];
        string own = Path.Combine(folder.Path, "lora-merge");
        switch (place)
        {
            case "snapshot":
                File.Delete(folder.Blob(weights.Hash));
                return folder.File(HubBench.Commit, "model.safetensors");
            case "blob":
                return folder.Blob(weights.Hash);
            case "empty blob":
                return folder.Blob(repository.Files[Empty].Hash);
            case "partial":
                File.Delete(folder.Blob(weights.Hash));
                return folder.Blob(weights.Hash) + ".lora-merge.partial";
            case "lock":
                File.Delete(folder.Blob(weights.Hash));
                return folder.Lock(weights.Hash);
            case "ref":
                return folder.Ref("main");
            case "own list":
                return Path.Combine(own, HubBench.Commit + ".json");
            case "kept list":
                File.Delete(Path.Combine(own, HubBench.Commit + ".json"));
                return Path.Combine(folder.Path, "trees", HubBench.Commit + ".json");
            default:
                return Path.Combine(own, "known");
        }
    }

    private static async Task Plant(string kind, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        if (kind == "pipe")
            await SkipUnless("There is no mkfifo here.", "mkfifo", path);
        else if (kind == "device")
            await SkipUnless("Only root makes devices.", "mknod", path, "c", "1", "5"); // zeros without end
        else
            Bind(path);
    }

    private static async Task SkipUnless(string reason, string program, params string[] arguments)
    {
        bool isDone;
        try
        {
            using var process = Process.Start(program, arguments);
            await process.WaitForExitAsync(Token);
            isDone = process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            isDone = false;
        }
        Assert.SkipUnless(isDone, reason);
    }

    /// <summary>By a short name first: the address of a socket has room for about a hundred bytes.</summary>
    private static void Bind(string path)
    {
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets && !OperatingSystem.IsWindows(), "There are no sockets among files here.");
        string folder = Directory.CreateTempSubdirectory("s").FullName, near = Path.Combine(folder, "s");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(near));
        File.Move(near, path);
        Directory.Delete(folder);
    }
}
