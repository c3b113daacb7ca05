#!/bin/sh
# cli_terminal_escapes.sh: no name reaches the terminal with characters that command it.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

escape=$(printf '\033')
no_escapes() {
    ! grep -q "$escape" out err || fail "an escape sequence was printed: $(cat -v out err)"
    ! grep -q "$(printf '\302\233')" out err || fail "a control character was printed"
}

name="a${escape}[31m$(printf '\302\233\a')red é.yaml"
cp "$SOURCE/maps/loop_empty.yaml" "$name"
expect 0 imprint map check "$name"
no_escapes
prints 'red é.yaml'
expect 0 imprint eval --policy expert --map "$name" --episodes 1 --steps 5
no_escapes
expect 0 imprint log --map "$name" --episodes 1 --steps 5 --size 40x30 --out "data${escape}[1m"
no_escapes
expect 0 imprint data info "data${escape}[1m"
no_escapes
expect 3 imprint map check "none${escape}[2J.yaml"
no_escapes
