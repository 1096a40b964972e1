using Mono.Cecil;

namespace LoraMerge.Tests.Architecture;

/// <summary>Which members of TorchSharp have to do with its scalars, themselves or by what they call: read in TorchSharp's own code.</summary>
internal sealed class TorchScalars
{
    private const string Scalar = "TorchSharp.Scalar";

    private readonly ILookup<string, TypeDefinition> _derived;
    private readonly ILookup<string, string> _callers;
    private readonly HashSet<string> _touching;
    private readonly HashSet<string> _making;

    private TorchScalars(ModuleDefinition torchSharp)
    {
        _derived = torchSharp
            .GetTypes()
            .SelectMany(type => AncestorsOf(type).Select(ancestor => (ancestor, type)))
            .ToLookup(pair => pair.ancestor, pair => pair.type);
        MethodDefinition[] methods = [.. MethodsOf(torchSharp)];
        _callers = methods
            .SelectMany(method => ReachedFrom(method).Distinct().Select(reached => (reached, caller: method.FullName)))
            .ToLookup(edge => edge.reached, edge => edge.caller);
        _touching = WithCallers(methods.Where(method => HasScalar(method) || UsesScalarField(method)));
        _making = WithCallers(methods.Where(method => method.IsConstructor && IsScalar(method.DeclaringType)));
    }

    /// <summary>Those of the TorchSharp that the engine runs on.</summary>
    public static TorchScalars Known { get; } = new(Open(typeof(TorchSharp.torch).Assembly.Location));

    public static ModuleDefinition Open(string path)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(path));
        return ModuleDefinition.ReadModule(path, new ReaderParameters { AssemblyResolver = resolver });
    }

    /// <summary>All of a module's, those that the compiler made included.</summary>
    public static IEnumerable<MethodDefinition> MethodsOf(ModuleDefinition module) => module.GetTypes().SelectMany(type => type.Methods);

    public static bool IsScalar(TypeReference type) => type.FullName == Scalar;

    /// <summary>What a method calls of TorchSharp, or takes the address of, that takes, gives, makes or reads a scalar.</summary>
    public IEnumerable<MethodReference> UsedBy(MethodDefinition method) => CallsOf(method).Where(IsUse);

    public bool IsUse(MethodReference called) => HasScalar(called) || _touching.Contains(KeyOf(called));

    /// <summary>Whether it makes a scalar: one that its caller never sees, unless it is what it returns.</summary>
    public bool Makes(MethodReference called) => _making.Contains(KeyOf(called));

    private static IEnumerable<MethodReference> CallsOf(MethodDefinition method) =>
        method.HasBody ? method.Body.Instructions.Select(instruction => instruction.Operand).OfType<MethodReference>() : [];

    private static bool HasScalar(MethodReference method) =>
        IsScalar(method.DeclaringType) || Names(method.ReturnType) || method.Parameters.Any(parameter => Names(parameter.ParameterType));

    /// <summary>Whether it is one, or of several: <c>Scalar[]</c>, <c>IList&lt;Scalar&gt;</c>.</summary>
    private static bool Names(TypeReference type) => IsScalar(type)
        || (type is TypeSpecification several && Names(several.ElementType))
        || (type is GenericInstanceType generic && generic.GenericArguments.Any(Names));

    private static bool UsesScalarField(MethodDefinition method) =>
        method.HasBody && method.Body.Instructions.Any(instruction => instruction.Operand is FieldReference field && Names(field.FieldType));

    /// <summary>What may run when a method is called: what it calls, the steps of its iterator or task, and what takes its place in derived types.</summary>
    private IEnumerable<string> ReachedFrom(MethodDefinition method) => CallsOf(method)
        .Concat(StepsOf(method))
        .Concat(_derived[method.DeclaringType.FullName].SelectMany(type => type.Methods).Where(other => Replaces(other, method)))
        .Select(KeyOf);

    private static IEnumerable<MethodDefinition> StepsOf(MethodDefinition method) => method.CustomAttributes
        .Where(attribute => attribute.AttributeType.Name.EndsWith("StateMachineAttribute", StringComparison.Ordinal))
        .SelectMany(attribute => ((TypeReference)attribute.ConstructorArguments[0].Value).Resolve().Methods);

    private static bool Replaces(MethodDefinition method, MethodDefinition replaced) =>
        method.IsVirtual
        && replaced.IsVirtual
        && method.Parameters.Count == replaced.Parameters.Count
        && (method.Name == replaced.Name || method.Overrides.Any(overridden => overridden.Name == replaced.Name));

    /// <summary>Base types and interfaces, as far as they are of the same module.</summary>
    private static IEnumerable<string> AncestorsOf(TypeDefinition type)
    {
        for (TypeDefinition? at = type; at is not null; at = at.BaseType?.GetElementType() as TypeDefinition)
        {
            if (at != type)
                yield return at.FullName;
            foreach (InterfaceImplementation implemented in at.Interfaces)
                yield return implemented.InterfaceType.GetElementType().FullName;
        }
    }

    private HashSet<string> WithCallers(IEnumerable<MethodDefinition> called)
    {
        var found = new HashSet<string>(called.Select(method => method.FullName), StringComparer.Ordinal);
        var open = new Queue<string>(found);
        while (open.TryDequeue(out string? reached))
        {
            foreach (string caller in _callers[reached].Where(found.Add))
                open.Enqueue(caller);
        }
        return found;
    }

    /// <summary>The name of a method as it is declared, also of a generic one and of one of a generic type.</summary>
    private static string KeyOf(MethodReference called) =>
        called.DeclaringType is GenericInstanceType type && type.Scope.Name.StartsWith("TorchSharp", StringComparison.Ordinal)
            ? called.Resolve().FullName
            : called.GetElementMethod().FullName;
}
