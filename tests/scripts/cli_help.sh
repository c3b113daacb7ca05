#!/bin/sh
# cli_help.sh: every help exits with 0, and the examples in it work when pasted.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint --version
grep -qx 'imprint [0-9][0-9.]*' out || fail "no version: $(cat out)"
expect 0 imprint help
expect 0 imprint -h
expect 0 imprint --help
# those that the help names are those that the program is made of
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' out)
declared=$(sed -n 's/^extern const imp_command imp_command_\([a-z_]*\);$/\1/p' \
    "$SOURCE/src/cli/options/sim_options.h" | tr _ -)
[ -n "$declared" ] || fail "no commands found in src/cli/options/sim_options.h"
[ "$(echo "$commands" | sort)" = "$(echo "$declared" | sort)" ] ||
    fail "the help names other commands than src/cli/options/sim_options.h: $commands"

mkdir tmp
for command in $commands; do
    expect 0 imprint "$command" -h
    expect 0 imprint "$command" --help
    for option in --help --json --config --quiet; do
        prints "$option"
    done
    twice=$(sed -n 's/^  -\(.\), --.*/\1/p' out | sort | uniq -d)
    [ -z "$twice" ] || fail "$command: -$twice stands for two options"
    wide=$(sed '/^Usage:/d; /^Example:/,$d' out | awk 'length > 80')
    [ -z "$wide" ] || fail "$command: lines of more than 80 columns: $wide"
    # in a folder of our own instead of /tmp, so that tests can run side by side
    sed -n '/^Example:/,$p' out | sed 1d | sed "s|/tmp/|$work/tmp/|g" >example
    grep -q "imprint $command" example || fail "$command has no example of itself"
    sh -e example >out 2>err </dev/null || {
        # pages need a compiler that the build may not have had
        if [ "$command" != page ] || ! grep -q 'no compiler for WebAssembly' err; then
            fail "the example of $command fails: $(cat err)"
        fi
        continue
    }
    # those that run agents say where the machine has no sandbox
    [ "$sandbox" = --sandbox ] || sed -i '/^imprint: note: agents run without a sandbox/d' err
    [ ! -s err ] || fail "the example of $command wrote to standard error: $(cat err)"
done

# the help goes before other settings, and is refused nothing but a wrong option
expect 0 imprint log --episodes 3 --help
expect 2 imprint log --help --no-such-option
