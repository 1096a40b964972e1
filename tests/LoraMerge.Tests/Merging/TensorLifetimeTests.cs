using System.Runtime.CompilerServices;
using LoraMerge.Devices;
using LoraMerge.Tests.Golden;
using TorchSharp;

namespace LoraMerge.Tests.Merging;

/// <summary>Who makes a tensor disposes it: the garbage collector may take one that nobody has to dispose any more while torch still reads it.</summary>
/// <remarks>Alone in the process: what the thread of finalizers disposes is counted, whosever it is.</remarks>
[Collection(nameof(TensorLifetimeTests))]
[CollectionDefinition(nameof(TensorLifetimeTests), DisableParallelization = true)]
public sealed class TensorLifetimeTests
{
    private static long s_disposedByFinalizers;

    [Fact]
    public async Task Merges_leave_no_tensor_to_the_garbage_collector()
    {
        using var folder = new TestFolder();
        NativeLibraries.Load(null);
        CountDisposedByFinalizers(); // those of other tests

        var left = new List<string>();
        foreach (GoldenCase golden in OneOfEachFamily())
        {
            long before = CountDisposedByFinalizers();
            await new Merger().MergeAsync(golden.Request(), folder[golden.Name], TestContext.Current.CancellationToken);
            if (CountDisposedByFinalizers() > before)
                left.Add(golden.Name);
        }

        Assert.Empty(left);
        folder.Passed();
    }

    [Fact]
    public void One_that_is_left_is_counted()
    {
        NativeLibraries.Load(null);
        long before = CountDisposedByFinalizers();

        Leave();

        Assert.Equal(before + 1, CountDisposedByFinalizers());

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Leave() => torch.zeros(1);
    }

    /// <summary>A family is what stands before the first hyphen of a case's name; of combinations, each is one.</summary>
    private static IEnumerable<GoldenCase> OneOfEachFamily() => GoldenCase.All
        .Where(golden => !golden.Name.StartsWith("error-", StringComparison.Ordinal))
        .DistinctBy(golden => golden.Name.StartsWith("combo-", StringComparison.Ordinal) ? golden.Name : golden.Name.Split('-')[0]);

    /// <summary>Has all finalizers run first.</summary>
    private static long CountDisposedByFinalizers()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Ask();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Volatile.Read(ref s_disposedByFinalizers);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Ask() => new Asker().Touch();
    }

    /// <summary>TorchSharp counts for each thread; on that of the finalizers only a finalizer can ask.</summary>
    private sealed class Asker
    {
        ~Asker() => Volatile.Write(
            ref s_disposedByFinalizers,
            DisposeScopeManager.Statistics.TensorStatistics.DisposedOutsideScopeCount + DisposeScopeManager.Statistics.TensorStatistics.DisposedInScopeCount);

        public void Touch() => GC.KeepAlive(this);
    }
}
