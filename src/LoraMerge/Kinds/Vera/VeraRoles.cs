using System.Collections.Immutable;
using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Vera;

/// <summary>The tensors of VeRA, or of PVeRA, which writes another beginning before the same names.</summary>
/// <param name="Prefix"><c>vera_</c>.</param>
/// <param name="PartsOfD">How many vectors lie behind one another in <see cref="LambdaD"/>: 1, or 2 where the second says how much the first varies in
/// training.</param>
internal sealed record VeraRoles(string Prefix, int PartsOfD)
{
    /// <summary>A factor for each output, <c>[out]</c>.</summary>
    public TensorRole LambdaB { get; } = new(Prefix + "lambda_b") { IsNeeded = true, Dimensions = [1] };

    /// <summary>A factor for each direction, <c>[r]</c> or <c>[2·r]</c>.</summary>
    public TensorRole LambdaD { get; } = new(Prefix + "lambda_d") { IsNeeded = true, Dimensions = [1] };

    /// <summary><c>[r, largest in]</c> or <c>[2·r, …]</c>.</summary>
    public TensorRole A { get; } = new(Prefix + "A") { Use = RoleUse.Shared, Dimensions = [2] };

    /// <summary><c>[largest out, r]</c>.</summary>
    public TensorRole B { get; } = new(Prefix + "B") { Use = RoleUse.Shared, Dimensions = [2] };

    public ImmutableArray<TensorRole> All => [LambdaB, LambdaD, A, B];
}
