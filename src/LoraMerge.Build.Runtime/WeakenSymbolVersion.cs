using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a 64-bit little-endian ELF library and marks one symbol version that it asks for as weak, so that it also loads
/// where the system's library does not define that version (libstdc++ of Debian 12 and Ubuntu 22.04 ends before GLIBCXX_3.4.32).
/// </summary>
/// <remarks>
/// No relocation of libLibTorchSharp uses a symbol of that version. One bit of the copy changes: VER_FLG_WEAK in vna_flags of
/// the one vernaux entry. Where the version exists, the bit has no effect. Layout: System V ABI and LSB, "Symbol Versioning".
/// </remarks>
public sealed class WeakenSymbolVersion : Task
{
    private const uint SectionIsVersionsNeeded = 0x6ffffffe; // SHT_GNU_verneed
    private const byte WeakFlag = 0x2;                       // VER_FLG_WEAK

    [Required]
    public string Source { get; set; }

    [Required]
    public string Destination { get; set; }

    [Required]
    public string Version { get; set; }

    public override bool Execute()
    {
        byte[] library = File.ReadAllBytes(Source);
        int flagsOffset = FindFlagsOffset(library);
        if (flagsOffset < 0)
        {
            Log.LogError("'{0}' asks for no symbol version {1}: TorchSharp has changed, and this step may no longer be needed.", Source, Version);
            return false;
        }
        library[flagsOffset] |= WeakFlag;
        File.WriteAllBytes(Destination, library);
        return true;
    }

    private int FindFlagsOffset(byte[] elf)
    {
        int sections = (int)BitConverter.ToInt64(elf, 0x28);
        int sectionSize = BitConverter.ToUInt16(elf, 0x3A);
        int sectionCount = BitConverter.ToUInt16(elf, 0x3C);
        for (int i = 0; i < sectionCount; i++)
        {
            int section = sections + i * sectionSize;
            if (BitConverter.ToUInt32(elf, section + 4) != SectionIsVersionsNeeded)
                continue;
            int strings = (int)BitConverter.ToInt64(elf, sections + (int)BitConverter.ToUInt32(elf, section + 0x28) * sectionSize + 0x18);
            int needed = (int)BitConverter.ToInt64(elf, section + 0x18);
            int neededCount = (int)BitConverter.ToUInt32(elf, section + 0x2C);
            for (int n = 0; n < neededCount; n++)
            {
                int aux = needed + (int)BitConverter.ToUInt32(elf, needed + 8);
                int auxCount = BitConverter.ToUInt16(elf, needed + 2);
                for (int a = 0; a < auxCount; a++)
                {
                    if (ReadString(elf, strings + (int)BitConverter.ToUInt32(elf, aux + 8)) == Version)
                        return aux + 4; // vna_flags, low byte
                    aux += (int)BitConverter.ToUInt32(elf, aux + 12);
                }
                needed += (int)BitConverter.ToUInt32(elf, needed + 12);
            }
        }
        return -1;
    }

    private static string ReadString(byte[] bytes, int offset)
    {
        return Encoding.ASCII.GetString(bytes, offset, Array.IndexOf(bytes, (byte)0, offset) - offset);
    }
}
