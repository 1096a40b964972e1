#pragma warning disable IDE0130 // the compiler looks for it in this namespace
namespace System.Runtime.CompilerServices;

/// <summary>What records ask for; .NET Standard 2.0 has none.</summary>
internal static class IsExternalInit;
