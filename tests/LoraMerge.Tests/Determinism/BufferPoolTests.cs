using LoraMerge.Devices;
using LoraMerge.Merging;
using LoraMerge.Safetensors;

namespace LoraMerge.Tests.Determinism;

public sealed class BufferPoolTests
{
    static BufferPoolTests() => ComputeDevice.Open("cpu", null);

    [Fact]
    public void A_buffer_that_a_fault_kept_from_coming_back_is_freed_with_the_others()
    {
        var pool = new BufferPool(2, _ => 16);
        BlockBuffer inFlight = pool.Take(DType.F32, TestContext.Current.CancellationToken);
        BlockBuffer returned = pool.Take(DType.F32, TestContext.Current.CancellationToken);
        pool.Return(returned);

        pool.Dispose();

        Assert.All([inFlight, returned], buffer => Assert.ThrowsAny<Exception>(() => buffer.Bytes.Length));
    }
}
