using System.Collections.Immutable;

namespace LoraMerge.Formats.Gguf;

/// <summary>A way to write conversations down that many models share, in the language of Ollama's templates.</summary>
/// <param name="Marks">What a Jinja template of that form holds, all of it.</param>
/// <param name="Template">The form in Ollama's language.</param>
/// <param name="Stops">Tokens that end a turn.</param>
internal sealed record ConversationForm(ImmutableArray<string> Marks, string Template, ImmutableArray<string> Stops)
{
    /// <summary>For models without a template: the text as it is.</summary>
    public static ConversationForm None { get; } = new([], "{{ .Prompt }}", []);

    private static readonly ImmutableArray<ConversationForm> s_known =
    [
        new(["<|im_start|>", "<|im_end|>"],
            "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n",
            ["<|im_end|>"]),
        new(["<|start_header_id|>", "<|eot_id|>"],
            "{{- range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n",
            ["<|eot_id|>", "<|eom_id|>"]),
        // No role for the system: it goes before the first question.
        new(["<start_of_turn>", "<end_of_turn>"],
            "{{- $system := \"\" }}{{- range .Messages }}{{- if eq .Role \"system\" }}{{- $system = .Content }}"
            + "{{- else if eq .Role \"user\" }}<start_of_turn>user\n{{ if $system }}{{ $system }}\n\n{{ $system = \"\" }}{{ end }}{{ .Content }}<end_of_turn>\n"
            + "{{ else }}<start_of_turn>model\n{{ .Content }}<end_of_turn>\n{{ end }}{{- end }}<start_of_turn>model\n",
            ["<end_of_turn>"]),
        new(["<|user|>", "<|end|>"],
            "{{- range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|end|>\n{{ end }}<|assistant|>\n",
            ["<|end|>"]),
        new(["[INST]", "[/INST]"],
            "{{- range .Messages }}{{- if eq .Role \"assistant\" }} {{ .Content }}</s>{{- else }}[INST] {{ .Content }} [/INST]{{- end }}{{- end }}",
            ["</s>", "[INST]"]),
    ];

    /// <summary>The form of a Jinja template; null where it is none of these.</summary>
    public static ConversationForm? Find(string template) =>
        s_known.FirstOrDefault(form => form.Marks.All(mark => template.Contains(mark, StringComparison.Ordinal)));
}
