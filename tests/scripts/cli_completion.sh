#!/bin/sh
# cli_completion.sh: bash, zsh and fish really complete a command, what it begins with, an option,
# an option's value, a map and a file, where they are installed.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

mkdir zsh
: >my_recordings
missing=
command -v python3 >/dev/null || missing=python3

in_terminal() { # SHELL START
    python3 "$SOURCE/tests/scripts/type_in_shell.py" "$@" \
        'imprint comple' 'imprint completion' \
        'imprint data me' 'imprint data merge' \
        'imprint log --start-ang' 'imprint log --start-angle-deg' \
        'imprint log --observation seg' 'imprint log --observation segments' \
        'imprint log --observation=seg' 'imprint log --observation=segments' \
        'imprint log --map loop_emp' 'imprint log --map loop_empty' \
        'imprint train --data my_r' 'imprint train --data my_recordings' ||
        fail "$1 completes otherwise"
}

if [ -n "$missing" ]; then
    :
else
    imprint completion bash >imprint.bash
    if command -v bash >/dev/null; then
        in_terminal bash '. ./imprint.bash'
    else
        missing="$missing bash"
    fi
    imprint completion zsh >zsh/_imprint
    if command -v zsh >/dev/null; then
        # shellcheck disable=SC2016  # for zsh
        in_terminal zsh 'fpath=($PWD/zsh $fpath); autoload -U compinit; compinit -D -u'
    else
        missing="$missing zsh"
    fi
fi

# fish says by itself how it would complete a line
completes() { # LINE WORD
    HOME=$PWD fish -c "source imprint.fish; complete -C '$1'" >out 2>err || fail "fish: $(cat err)"
    cut -f 1 out | grep -qx -e "$2" || fail "fish completes '$1' to: $(cat out)"
}
imprint completion fish >imprint.fish
if command -v fish >/dev/null; then
    completes 'imprint comple' completion
    completes 'imprint data me' merge
    completes 'imprint log --start-ang' --start-angle-deg
    completes 'imprint log --observation seg' segments
    completes 'imprint log --observation=seg' --observation=segments
    completes 'imprint log --map loop_emp' loop_empty
    completes 'imprint train --data my_r' my_recordings
else
    missing="$missing fish"
fi

[ -z "$missing" ] || { echo "skipped: not installed: $missing"; exit 77; }
