#!/bin/sh
# cli_typos.sh: commands and options are taken by their full names, all in the same ways, and a
# misspelt one is answered with the one that was meant.
# shellcheck disable=SC2094  # the loop reads what grep reads
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint --help
cp out general
prints '-V, --version'
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' out)
[ "$(echo "$commands" | wc -l)" -ge 16 ] || fail "too few commands: $commands"

# help and version, wherever they are asked for
expect 0 imprint help
cmp out general || fail "imprint help is another help"
expect 0 imprint -V
cp out version
grep -qx 'imprint [0-9][0-9.]*' version || fail "no version: $(cat version)"
expect 2 imprint help lgo
says "did you mean 'log'?"
expect 2 imprint lgo
says "unknown command 'lgo'; did you mean 'log'?"
expect 2 imprint xyzzy
says "unknown command 'xyzzy': see imprint --help"
expect 2 imprint --episodes 3
says "unknown option '--episodes': a command comes first. See imprint --help"
expect 2 imprint --versoin
says "did you mean '--version'?"
expect 2 imprint --log
says "did you mean 'imprint log'?"

# second WORD: the word without its second letter
second() {
    echo "${1%"${1#?}"}${1#??}"
}

# is_one WORD LIST: whether a list of words holds it
is_one() {
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

seen=
for command in $commands; do
    expect 0 imprint "$command" --help
    cp out full
    expect 0 imprint help "$command"
    cmp out full || fail "imprint help $command is another help than imprint $command --help"
    for version in -V --version; do
        expect 0 imprint "$command" $version
        cmp out version || fail "imprint $command $version: $(cat out)"
    done
    expect 2 imprint "$command" help
    says "did you mean 'imprint $command --help'?"
    expect 2 imprint "$(second "$command")"
    says "did you mean '$command'"

    [ -z "${BRIEF:-}" ] || [ "$command" = log ] || continue
    # every option of the help without its second letter; what is left may be another's name
    names=$(sed -n 's/^  \(-., \|    \)--\([a-z-]*\).*/\2/p' full | tr '\n' ' ')
    takes=$(sed -n 's/^  \(-., \|    \)--\([a-z-]*\) [^ ].*/\2/p' full | tr '\n' ' ')
    is_one version "$names" || fail "$command: no options in its help"
    for option in $names; do
        wrong=$(second "$option")
        if ! is_one "$wrong" "$names"; then
            expect 2 imprint "$command" "--$wrong"
            says "unknown option --$wrong; did you mean "
            says "'--$option'"
        fi
        # the rest is tried once for options that several commands have
        ! is_one "$option" "$seen" || continue
        seen="$seen $option"
        # no beginning of a name is that name
        begun=${option%?}
        if ! is_one "$begun" "$names"; then
            expect 2 imprint "$command" "--$begun"
            says "unknown option --$begun; did you mean "
            says "'--$option'"
        fi
        if is_one "$option" "$takes"; then
            expect 2 imprint "$command" "--$option" --json
            says "--$option wants a value, and --json is an option"
            expect 2 imprint "$command" "--no-$option"
            says "--$option takes a value and has no --no- form"
            expect 0 imprint "$command" "--$option=1" "--$option" 1 --version
        else
            expect 2 imprint "$command" "--$option=1"
            says "--$option takes no value"
            expect 0 imprint "$command" "--$option" "--no-$option" --version
            expect 2 imprint "$command" "--no-$wrong"
            says "'--no-$option'"
        fi
    done
done
expect 2 imprint log --episodes
says '--episodes wants a value'

expect 2 imprint log -episodes 3
says "unknown option -episodes; did you mean '--episodes'?"
expect 2 imprint log --start
says "did you mean '--start-angle-deg', '--start-tile' or '--start-offset'?"
expect 2 imprint log --colour-of-the-duck
says 'unknown option --colour-of-the-duck: see imprint log --help'
expect 2 imprint log -Z
says 'unknown option -Z: see imprint log --help'

# the agent by itself is the same program
agent=$(dirname "$IMPRINT")/imprint-agent
[ -x "$agent" ] || fail "no $agent beside the program"
for asked in -h --help; do
    expect 0 "$agent" $asked
    prints 'Usage: imprint-agent [options]'
done
for asked in -V --version; do
    expect 0 "$agent" $asked
    cmp out version || fail "imprint-agent $asked: $(cat out)"
done
expect 2 "$agent" --modle m
says "did you mean '--model'? See imprint-agent --help"
# what one command calls a policy is a model to another
expect 2 imprint eval --model m
says "unknown option --model; is '--policy' meant? See imprint eval --help"
expect 2 imprint submission new s --policy m
says "is '--model' meant?"
expect 2 "$agent" help
says "did you mean 'imprint-agent --help'?"
