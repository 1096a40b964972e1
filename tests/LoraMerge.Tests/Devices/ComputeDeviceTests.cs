using LoraMerge.Devices;

namespace LoraMerge.Tests.Devices;

/// <summary>A line about the device is printed only where it tells something.</summary>
public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData(false, false, 0, null)]
    [InlineData(false, true, 0, "'lora-merge runtime add cuda'")]
    [InlineData(true, true, 1, "cuda:0")]
    [InlineData(true, false, 0, "finds no device")]
    public void A_choice_that_nobody_could_make_otherwise_is_not_told(bool hasRuntime, bool hasDriver, int devices, string? words)
    {
        string? note = ComputeDevice.NoteOn(hasRuntime, hasDriver, devices);

        if (words is null)
            Assert.Null(note);
        else
            Assert.Contains(words, note, StringComparison.Ordinal);
    }
}
