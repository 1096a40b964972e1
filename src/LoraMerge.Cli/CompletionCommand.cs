using System.CommandLine;

namespace LoraMerge.Cli;

/// <summary><c>completion</c>: what a shell has to be told so that it asks <see cref="Completion"/>.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> s_scripts = new()
    {
        ["bash"] = """
            _lora_merge() {
                local IFS=$'\n'
                COMPREPLY=($(lora-merge "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
            }
            complete -o default -F _lora_merge lora-merge
            """,
        ["zsh"] = """
            _lora_merge() {
                local answer=$(lora-merge "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)
                if [[ -n $answer ]]; then compadd -- "${(@f)answer}"; else _files; fi
            }
            compdef _lora_merge lora-merge
            """,
        ["fish"] = """
            complete -c lora-merge -a '(lora-merge "[suggest:"(commandline -C)"]" (commandline))'
            """,
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName lora-merge -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                lora-merge "[suggest:$cursorPosition]" "$commandAst" | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """,
    };

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = string.Join(", ", s_scripts.Keys) };
        shell.AcceptOnlyFromAmong([.. s_scripts.Keys]);
        var command = new Command("completion", "Prints a script that lets a shell complete words, to be added to the shell's settings.") { shell };
        command.SetAction(parsed =>
        {
            // Shells want lines that end as theirs do, on Windows too.
            parsed.InvocationConfiguration.Output.Write(s_scripts[parsed.GetValue(shell)!].ReplaceLineEndings("\n") + "\n");
            return 0;
        });
        return command;
    }
}
