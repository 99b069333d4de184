"""Completion of `python -m pipeline …` in bash, zsh and fish: commands, options, and words that an option chooses from.

The scripts ask `python -m pipeline.completion WORD…`, the words after `-m pipeline` up to the cursor. Where nothing of
ours fits, and for everything else that Python is called for, files are completed.
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
    """What a shell has to read to complete."""
    return _SCRIPTS[shell].rstrip()


def install(shell: Shell, home: Path | None = None) -> Path:
    """Have a shell read the script when it starts; a second time changes nothing.

    Returns:
        the file of the script.
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
    """What the last of the words may become.

    Args:
        words: behind `-m pipeline`, up to the cursor; the last one may be empty.
    """
    from pipeline.commands import Commands, app

    *before, begun = words or [""]
    commands = Commands()
    name = next((word for word in before if word in commands), None)
    if name is None:
        import typer

        params, found = typer.main.get_command(app).params, commands.names
    else:
        params, found = commands[name].params, []
    if before and (chosen := _choices(params, before[-1])):
        found = chosen
    elif begun.startswith("-"):
        found = [option for each in params for option in each.opts if option.startswith("--")] + ["--help"]
    elif before and before[-1].startswith("-") and not _is_flag(params, before[-1]):
        found = []
    return [each for each in found if each.startswith(begun)]


def _choices(params: Sequence[Any], option: str) -> list[str]:
    """The words that the value of an option is one of."""
    for each in params:
        if option in each.opts and get_origin(kind := each.type_descriptor.annotation) is Literal:
            return list(get_args(kind))
    return []


def _is_flag(params: Sequence[Any], option: str) -> bool:
    return option in ("-h", "--help") or any(option in each.opts and each.is_flag for each in params)


if __name__ == "__main__":
    sys.stdout.write("\n".join(candidates(sys.argv[1:])) + "\n")
