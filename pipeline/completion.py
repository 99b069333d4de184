"""Completion of `python -m pipeline …` in bash, zsh and fish: commands, options, and the choices of an option.

The scripts call `python -m pipeline.completion WORD…` with the words after `-m pipeline` up to the cursor. Without a
match, and for all other calls of Python, files are completed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

Shell = Literal["bash", "zsh", "fish"]

_BASH = """\
_jet_image_trigger() {
    COMPREPLY=()
    [ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" = "-m pipeline" ] && [ "$COMP_CWORD" -gt 2 ] || return
    local IFS=$'\\n'
    COMPREPLY=( $("$1" -m pipeline.completion "${COMP_WORDS[@]:3:COMP_CWORD-2}" 2>/dev/null) )
}
complete -o default -F _jet_image_trigger python python3 python3.11
"""
_ZSH = """\
_jet_image_trigger() {
    local -a found
    if [[ "$words[2] $words[3]" == "-m pipeline" && $CURRENT -gt 3 ]]; then
        found=(${(f)"$("${(Q)words[1]}" -m pipeline.completion "${(@Q)words[4,CURRENT]}" 2>/dev/null)}")
        (( $#found )) && compadd -- $found || _files
    else
        (( $+functions[_python] )) || autoload -Uz _python
        _python "$@"
    fi
}
autoload -Uz compinit
(( $+functions[compdef] )) || compinit
compdef _jet_image_trigger python python3 python3.11
"""
_FISH = """\
function __jet_image_trigger
    set -l words (commandline -opc)
    $words[1] -m pipeline.completion $words[4..-1] (commandline -ct) 2>/dev/null
end
for program in python python3 python3.11
    complete --command $program --condition "string match -qr -- ' -m pipeline ' (commandline -cp)" \\
        --arguments "(__jet_image_trigger)"
end
"""
_SCRIPTS: dict[Shell, str] = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: Shell) -> str:
    """The script that a shell reads for the completion."""
    return _SCRIPTS[shell].rstrip()


def install(shell: Shell, home: Path | None = None) -> Path:
    """Make a shell read the script when it starts; a second call changes nothing.

    Returns:
        The file of the script.
    """
    home = home or Path.home()
    if shell == "fish":
        file = home / ".config" / "fish" / "conf.d" / "jet-image-trigger.fish"
    else:
        file = home / ".local" / "share" / "jet-image-trigger" / f"completion.{shell}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script(shell) + "\n", encoding="utf-8")
    if shell != "fish":
        start, line = home / f".{shell}rc", f"source '{file}'"
        before = start.read_text(encoding="utf-8") if start.exists() else ""
        if line not in before.splitlines():
            start.write_text(f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}{line}\n", "utf-8")
    return file


def candidates(words: Sequence[str]) -> list[str]:
    """The completions of the last word.

    Args:
        words: those behind `-m pipeline`, up to the cursor; the last one may be empty.
    """
    from pipeline.commands import Commands, app

    *before, begun = words or [""]
    commands = Commands()
    name = next((word for word in before if word in commands), None)
    if name is None:
        import typer

        params, matches = typer.main.get_command(app).params, commands.names
    else:
        params, matches = commands[name].params, []
    if before and (choices := _choices(params, before[-1])):
        matches = choices
    elif begun.startswith("-"):
        matches = [option for parameter in params for option in parameter.opts if option.startswith("--")] + ["--help"]
    elif before and before[-1].startswith("-") and not _is_flag(params, before[-1]):
        matches = []
    return [match for match in matches if match.startswith(begun)]


def _choices(params: Sequence[Any], option: str) -> list[str]:
    """The possible values of an option; empty where it takes any."""
    for parameter in params:
        if option in parameter.opts and get_origin(annotation := parameter.type_descriptor.annotation) is Literal:
            return list(get_args(annotation))
    return []


def _is_flag(params: Sequence[Any], option: str) -> bool:
    return option in ("-h", "--help") or any(option in parameter.opts and parameter.is_flag for parameter in params)


if __name__ == "__main__":
    sys.stdout.write("\n".join(candidates(sys.argv[1:])) + "\n")
