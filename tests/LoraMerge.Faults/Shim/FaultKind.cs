using System.Globalization;

namespace LoraMerge.Faults.Shim;

/// <summary>What the shim does at the call that it waits for; the numbers are those of faults.c.</summary>
internal enum FaultMode
{
    Count = 0,
    Fail = 1,
    Kill = 2,
    Shorten = 3,
    Change = 4,
}

/// <summary>A way in which a system fails.</summary>
/// <param name="Name">As it is written on the command line and in the tables.</param>
/// <param name="Mode">What happens at the call.</param>
/// <param name="Error">The errno of calls that fail.</param>
/// <param name="Calls">The calls that it can happen to.</param>
/// <param name="Lasts">Whether all such calls fail from then on, as on a disk that has died.</param>
/// <param name="Meaning">For the tables.</param>
internal sealed record FaultKind(string Name, FaultMode Mode, int Error, SystemCalls Calls, bool Lasts, string Meaning)
{
    /// <summary>Whether what was written is lost where bringing it to the disk fails.</summary>
    public bool LosesWrites => Mode == FaultMode.Fail && Error != Interrupted;

    private const int Interrupted = 4, InputOutput = 5, Denied = 13, NoSpace = 28, ReadOnly = 30;

    public static FaultKind Kill { get; } = new("kill", FaultMode.Kill, 0, SystemCalls.Changing, Lasts: false, "SIGKILL before the call");

    public static IReadOnlyList<FaultKind> All { get; } =
    [
        new("eio", FaultMode.Fail, InputOutput, SystemCalls.All, Lasts: false, "one call fails with EIO"),
        new("enospc", FaultMode.Fail, NoSpace, SystemCalls.Filling, Lasts: false, "one call fails with ENOSPC"),
        new("eacces", FaultMode.Fail, Denied, SystemCalls.Permitted, Lasts: false, "one call fails with EACCES"),
        new(
            "eintr",
            FaultMode.Fail,
            Interrupted,
            SystemCalls.Read
                | SystemCalls.Write
                | SystemCalls.Fsync
                | SystemCalls.Open
                | SystemCalls.Create
                | SystemCalls.Truncate
                | SystemCalls.Flock
                | SystemCalls.Close,
            Lasts: false,
            "one call is interrupted (EINTR)"
        ),
        new("short", FaultMode.Shorten, 0, SystemCalls.Partial, Lasts: false, "one call reads or writes half of what it was asked for"),
        new("full", FaultMode.Fail, NoSpace, SystemCalls.Filling, Lasts: true, "from there on there is no room (ENOSPC)"),
        new("readonly", FaultMode.Fail, ReadOnly, SystemCalls.Changing, Lasts: true, "from there on the disk is read-only (EROFS)"),
        new("gone", FaultMode.Fail, InputOutput, SystemCalls.All, Lasts: true, "from there on every call fails with EIO"),
        Kill,
    ];

    /// <summary>The kind of that name.</summary>
    public static FaultKind Parse(string name) =>
        All.FirstOrDefault(kind => kind.Name == name) ?? throw new ArgumentException(
        $"'{name}' is none of {string.Join(", ", All.Select(kind => kind.Name))}.");
}

/// <summary>A fault at one call.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Calls">Which calls count.</param>
/// <param name="At">The number of the call, from 1.</param>
internal sealed record Fault(FaultKind Kind, SystemCalls Calls, int At)
{
    private const string AnyCall = "any";

    /// <summary>What <see cref="ToString"/> gives.</summary>
    public static Fault Parse(string text)
    {
        string[] words = text.Split('/');
        FaultKind kind = FaultKind.Parse(words[0]);
        return new Fault(kind, words[1] == AnyCall ? kind.Calls : Enum.Parse<SystemCalls>(words[1], ignoreCase: true),
            int.Parse(words[2], CultureInfo.InvariantCulture));
    }

    /// <summary>The same at a later call.</summary>
    public Fault Next(int step) => this with { At = At + step };

    /// <summary>Name of the kind, kind of the call, its number.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Kind.Name}/{(Calls == Kind.Calls ? AnyCall : Calls.ToString().ToLowerInvariant())}/{At}");
}
