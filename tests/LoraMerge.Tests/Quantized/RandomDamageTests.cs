using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using LoraMerge.Diagnostics;

namespace LoraMerge.Tests.Quantized;

/// <summary>Headers, states and configurations with random numbers and words in them: values come of it, or a coded error.</summary>
public sealed partial class RandomDamageTests
{
    private const int Rounds = 80;

    private static readonly string[] s_numbers = ["0", "1", "-1", "3", "7", "31", "65535", "2147483647", "4294967296", "9223372036854775807", "1e400", "null",
        "\"x\"", "[]", "{}", "true"];

    private static readonly string[] s_dtypes = ["U8", "I8", "I32", "I64", "F16", "BF16", "F32", "F64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "BOOL", "C64"];

    public static TheoryData<string> Cases => [.. PackedBase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whatever_a_file_says_ends_in_values_or_a_coded_error(string name)
    {
        using var folder = new TestFolder();
        PackedBase packed = PackedBase.Unpack(name, folder["case"]);
        string weights = Directory.EnumerateFiles(packed.Folder, "*.safetensors").Order(StringComparer.Ordinal).First(),
            config = Path.Combine(packed.Folder, "config.json");
        byte[] file = File.ReadAllBytes(weights), json = File.ReadAllBytes(config);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var random = new Random(name.Length);
        int values = 0;

        for (int round = 0; round < Rounds; round++)
        {
            if (round % 3 == 0)
                File.WriteAllText(config, Change(Encoding.UTF8.GetString(json), random, Number, s_numbers));
            else
            {
                string header = Encoding.UTF8.GetString(file.AsSpan(8, length));
                string changed = round % 3 == 1 ? Change(header, random, DType, s_dtypes) : Change(header, random, Side, s_numbers);
                byte[] head = Encoding.UTF8.GetBytes(changed);
                byte[] count = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(count, head.Length);
                File.WriteAllBytes(weights, [.. count, .. head, .. file.AsSpan(8 + length)]);
            }
            try
            {
                packed.Decode();
                values++;
            }
            catch (LoraMergeException fault)
            {
                Assert.NotEmpty(fault.Message);
            }
            File.WriteAllBytes(weights, file);
            File.WriteAllBytes(config, json);
        }

        Assert.InRange(values, 1, Rounds - 1);
        folder.Passed();
    }

    private static string Change(string text, Random random, Regex what, string[] words)
    {
        Match[] found = [.. what.Matches(text).Cast<Match>()];
        Match one = found[random.Next(found.Length)];
        return text[..one.Groups[1].Index] + words[random.Next(words.Length)] + text[(one.Groups[1].Index + one.Groups[1].Length)..];
    }

    [GeneratedRegex("(?<=[\\[ ,:])(-?[0-9]+|true|false|null|\"[a-z0-9_.-]+\")(?=[,\\]}\\s])")]
    private static partial Regex Number { get; }

    [GeneratedRegex("\"dtype\":\\s*\"([A-Z0-9_]+)\"")]
    private static partial Regex DType { get; }

    [GeneratedRegex("\"shape\":\\s*\\[[0-9, ]*?([0-9]+)[0-9, ]*\\]")]
    private static partial Regex Side { get; }
}
