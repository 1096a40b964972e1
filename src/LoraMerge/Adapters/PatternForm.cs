namespace LoraMerge.Adapters;

/// <summary>How PEFT makes an expression of a pattern key.</summary>
internal enum PatternForm
{
    /// <summary>Since 0.15: <c>(.*\.)?(KEY)$</c>.</summary>
    Bracketed,

    /// <summary>Before: <c>.*\.KEY$</c>, so that <c>a|b</c> reads as <c>(.*\.a)|(b$)</c>, and a name without a parent never matches.</summary>
    Unbracketed,

    /// <summary>The same for kinds whose first releases matched a name without a parent, too: <c>(.*\.)?KEY$</c> (<c>lycoris_utils.py</c>).</summary>
    UnbracketedOrAlone,
}
