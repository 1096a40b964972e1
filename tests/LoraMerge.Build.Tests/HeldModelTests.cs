using System.Collections.Concurrent;
using System.Reflection;
using LoraMerge.Agreed.Entries;
using Microsoft.Build.Framework;

namespace LoraMerge.Build.Tests;

/// <summary>Nodes of one process that hold one model at once: what they hold ends with the build.</summary>
public sealed class HeldModelTests
{
    [Fact]
    public async Task Two_nodes_that_come_at_once_leave_no_hold_behind()
    {
        string folder = Directory.CreateTempSubdirectory("lora-held-").FullName;
        var place = new EntryPlace(folder, "base-0123456789abcdef");
        var entry = new StoreEntry(new string('0', 32), 1, []);
        entry.Save(place);
        var found = new FoundModel(entry.Key, place, entry, IsRefreshed: false);
        IBuildEngine4 engine = DispatchProxy.Create<IBuildEngine4, ObjectRegistry>();
        var registry = (ObjectRegistry)engine;

        Task<bool>[] nodes = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () => HeldModels.TryHold(engine, found, CancellationToken.None),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        bool[] held = await Task.WhenAll(nodes);
        EntryLease? whileBuilding = EntryLease.TryOwn(place);
        registry.EndBuild();
        EntryLease? afterwards = EntryLease.TryOwn(place);

        Assert.Equal([true, true], held);
        Assert.Null(whileBuilding);
        Assert.NotNull(afterwards);
        afterwards.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What a build registers, as MSBuild keeps it: a second object under one name is passed over. The first two looks end together.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The proxy lives as long as its test.")]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1852", Justification = "DispatchProxy derives from it.")]
    internal class ObjectRegistry : DispatchProxy
    {
        private readonly ConcurrentDictionary<object, object> _objects = new();
        private readonly CountdownEvent _looks = new(2);

        public void EndBuild()
        {
            foreach (IDisposable registered in _objects.Values.Cast<IDisposable>())
                registered.Dispose();
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod!.Name)
            {
                case nameof(IBuildEngine4.GetRegisteredTaskObject):
                    _objects.TryGetValue(args![0]!, out object? found);
                    if (!_looks.IsSet)
                    {
                        _looks.Signal();
                        _looks.Wait();
                    }
                    return found;
                case nameof(IBuildEngine4.RegisterTaskObject):
                    _objects.TryAdd(args![0]!, args[1]!);
                    return null;
                default:
                    throw new NotSupportedException(targetMethod.Name);
            }
        }
    }
}
