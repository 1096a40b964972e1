using LoraMerge.Adapters;

namespace LoraMerge.Kinds.Hra;

/// <param name="IsOrthonormalised">Whether the normals are made orthonormal first (Gram-Schmidt).</param>
internal sealed record HraConfig(bool IsOrthonormalised) : KindConfig
{
    internal override AdaptedModule ReadModule(ModuleTensors tensors) => new HraModule(tensors.Name, tensors.Needed(HraKind.Normals), IsOrthonormalised);
}
