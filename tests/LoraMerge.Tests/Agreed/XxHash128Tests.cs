namespace LoraMerge.Tests.Agreed;

public sealed class XxHash128Tests
{
    [Fact]
    public void The_tasks_hash_is_that_of_the_worker_for_every_short_length()
    {
        byte[] bytes = RandomBytes(2000);

        for (int length = 0; length <= bytes.Length; length++)
        {
            var hash = new LoraMerge.Build.XxHash128();
            hash.Append(bytes, 0, length);

            Assert.Equal(System.IO.Hashing.XxHash128.Hash(bytes.AsSpan(0, length)), hash.GetCurrentHash());
        }
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(1_000_000)]
    [InlineData(9_437_184)]
    public void The_tasks_hash_does_not_depend_on_how_the_bytes_arrive(int length)
    {
        byte[] bytes = RandomBytes(length);
        byte[] expected = System.IO.Hashing.XxHash128.Hash(bytes);
        var random = new Random(7);

        for (int round = 0; round < 10; round++)
        {
            var hash = new LoraMerge.Build.XxHash128();
            for (int offset = 0, count; offset < length; offset += count)
            {
                count = Math.Min(length - offset, random.Next(random.Next(2) == 0 ? 200 : 5000));
                hash.Append(bytes, offset, count);
            }

            Assert.Equal(expected, hash.GetCurrentHash());
        }
    }

    private static byte[] RandomBytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(42).NextBytes(bytes);
        return bytes;
    }
}
