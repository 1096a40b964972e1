#pragma warning disable IDE0130 // MSBuild looks for it by this full name
namespace Microsoft.Build.Framework;

/// <summary>Promises that a task uses no current directory and changes no environment: 'dotnet build -mt' may then run it in its own process.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class MSBuildMultiThreadableTaskAttribute : Attribute;
