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
        // Of the command alone, and up to the cursor: before it may stand others, as in 'cd x; lora-merge me'.
        ["zsh"] = """
            _lora_merge() {
                local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
                local -a answer=(${(f)"$(lora-merge "[suggest:${#line}]" "$line" 2>/dev/null)"})
                if (( $#answer )); then compadd -- $answer; else _files; fi
            }
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
            compdef _lora_merge lora-merge
            """,
        ["fish"] = """
            function __lora_merge
                set -l line (commandline -cp | string trim --left | string collect)
                set -l words (lora-merge "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
                if test (count $words) -gt 0
                    printf '%s\n' $words
                else
                    __fish_complete_path (commandline -ct)
                end
            end
            complete -c lora-merge -f -a '(__lora_merge)'
            """,
        // The text of a command ends before the blank that the cursor stands behind.
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName lora-merge -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                $length = [Math]::Max(0, $cursorPosition - $commandAst.Extent.StartOffset)
                $line = "$commandAst".PadRight($length).Substring(0, $length)
                lora-merge "[suggest:$length]" $line 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
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
