using System.IO.MemoryMappedFiles;
using System.Text;

namespace LoraMerge.Faults.Shim;

/// <summary>The memory that the driver shares with the shim, in its own process and in others. Its form is that of <c>struct block</c> in faults.c.</summary>
internal sealed class FaultBlock : IDisposable
{
    /// <summary>The variable that tells the shim where the block lies.</summary>
    public const string Variable = "LORAMERGE_FAULTS";

    private const int TextLength = 512;
    private const int ArmedOffset = 0, ChangeOffset = 24, CountOffset = 32, FiredOffset = 36, FiredCallOffset = 40, LoggedOffset = 44;
    private const int RootOffset = 64, OnlyOffset = RootOffset + TextLength, FromOffset = OnlyOffset + TextLength, ToOffset = FromOffset + TextLength,
        FiredPathOffset = ToOffset + TextLength;
    private const int EntriesOffset = FiredPathOffset + TextLength;
    private const int EntryCount = 8192, EntryLength = 256;
    private const int ByteLength = EntriesOffset + (EntryCount * EntryLength);

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private FaultBlock(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, ByteLength);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Calls that were counted since it was armed.</summary>
    public int Count => _view.ReadInt32(CountOffset);

    /// <summary>Whether the fault has happened.</summary>
    public bool HasFired => _view.ReadInt32(FiredOffset) > 0;

    /// <summary>The call that it happened to first, with its path below the root.</summary>
    public string FiredAt => $"{FiredCall.ToString().ToLowerInvariant()} {ReadText(FiredPathOffset, TextLength)}";

    /// <summary>The call that it happened to first.</summary>
    public SystemCalls FiredCall => (SystemCalls)(1u << _view.ReadInt32(FiredCallOffset));

    /// <summary>All calls that were counted, in their order.</summary>
    public IReadOnlyList<(SystemCalls Call, string Path)> Log =>
    [
        .. Enumerable.Range(0, Math.Min(_view.ReadInt32(LoggedOffset), EntryCount))
            .Select(i => EntriesOffset + (i * EntryLength))
            .Select(offset => ((SystemCalls)(1u << _view.ReadByte(offset)), ReadText(offset + 1, EntryLength - 1))),
    ];

    /// <summary>Makes the file where it is not there.</summary>
    public static FaultBlock Open(string path) => new(path);

    /// <summary>From now on calls are counted.</summary>
    /// <param name="scope">Which files count.</param>
    /// <param name="fault">What is to happen; null to count only.</param>
    public void Arm(CallScope scope, Fault? fault)
    {
        Disarm();
        WriteHead(fault?.Kind.Mode ?? FaultMode.Count, fault?.Kind.Error ?? 0, fault?.Calls ?? SystemCalls.All, fault?.At ?? 0, fault?.Kind.Lasts == true);
        WriteScope(scope);
        _view.Write(ArmedOffset, 1);
    }

    /// <summary>From now on calls are counted, and at one of them an input changes.</summary>
    /// <param name="scope">Which files count.</param>
    /// <param name="calls">Which calls count.</param>
    /// <param name="at">The number of the call before which it happens.</param>
    /// <param name="change">What happens.</param>
    public void Arm(CallScope scope, SystemCalls calls, int at, InputChange change)
    {
        Disarm();
        WriteHead(FaultMode.Change, 0, calls, at, lasts: false);
        _view.Write(ChangeOffset, (uint)change.Way);
        WriteScope(scope);
        WriteText(FromOffset, change.From);
        WriteText(ToOffset, change.To);
        _view.Write(ArmedOffset, 1);
    }

    public void Disarm() => _view.Write(ArmedOffset, 0);

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private void WriteHead(FaultMode mode, int error, SystemCalls calls, int at, bool lasts)
    {
        uint[] head = [0, (uint)mode, (uint)error, (uint)calls, (uint)at, lasts ? 1u : 0, 0, 0, 0, 0, 0, 0];
        _view.WriteArray(0, head, 0, head.Length);
        WriteText(FiredPathOffset, "");
    }

    private void WriteScope(CallScope scope)
    {
        WriteText(RootOffset, scope.Root);
        WriteText(OnlyOffset, string.Concat(scope.Parts.Select(part => part + "|")));
    }

    private void WriteText(int offset, string text)
    {
        byte[] bytes = new byte[TextLength];
        if (Encoding.UTF8.GetBytes(text, bytes) == TextLength)
            throw new ArgumentException($"'{text}' is too long for the shim.", nameof(text));
        _view.WriteArray(offset, bytes, 0, TextLength);
    }

    private string ReadText(int offset, int length)
    {
        byte[] bytes = new byte[length];
        _view.ReadArray(offset, bytes, 0, length);
        return Encoding.UTF8.GetString(bytes, 0, Math.Max(Array.IndexOf(bytes, (byte)0), 0));
    }
}
