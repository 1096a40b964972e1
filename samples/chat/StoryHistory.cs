using LLama.Abstractions;
using LLama.Common;

namespace Chat;

/// <summary>
/// The model was trained on stories and knows no roles: what was said so far is the beginning of one, behind the token that begins all of them.
/// </summary>
internal sealed class StoryHistory : IHistoryTransform
{
    private const string StartToken = "<s>";

    public string HistoryToText(ChatHistory history) => StartToken + string.Concat(history.Messages.Select(message => message.Content));

    public ChatHistory TextToHistory(AuthorRole role, string text) => new([new ChatHistory.Message(role, text)]);

    public IHistoryTransform Clone() => this;
}
