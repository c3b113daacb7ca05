#!/bin/sh
# cli_instruction_set.sh: IMPRINT_INSTRUCTION_SET limits all that computes; wrong
# values are refused.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

best=$(env -u IMPRINT_INSTRUCTION_SET imprint bench map --seconds 0.01 --json |
    sed -n 's/.*"instruction_set": "\([a-z0-9]*\)".*/\1/p')
allowed=
case $best in
avx512) allowed='plain avx2 avx512' ;;
avx2) allowed='plain avx2' ;;
plain) allowed='plain' ;;
*) fail "no instruction set in the benchmark: '$best'" ;;
esac

# what a program says and exits with, whatever the command
for program in imprint "$(dirname "$IMPRINT")/imprint-agent"; do
    [ -x "$program" ] || [ "$program" = imprint ] || continue
    for wrong in '' AVX2 sse41; do
        code=0
        IMPRINT_INSTRUCTION_SET=$wrong "$program" --help >out 2>err || code=$?
        [ "$code" -eq 2 ] || fail "$program takes the instruction set '$wrong': $code"
        says "IMPRINT_INSTRUCTION_SET is \"$wrong\": set it to plain, avx2 or avx512"
        [ "$(wc -l <err)" -eq 1 ] || fail "more than a line: $(cat err)"
    done
done
export IMPRINT_INSTRUCTION_SET
for more in avx2 avx512; do
    IMPRINT_INSTRUCTION_SET=$more
    case " $allowed " in
    *" $more "*) ;;
    *)
        expect 2 imprint map list
        says "this processor supports only $best"
        ;;
    esac
done

for set in $allowed; do
    IMPRINT_INSTRUCTION_SET=$set
    expect 0 imprint bench decide train --seconds 0.01
    prints ", $set, "
    expect 0 imprint render --map udem1 --size 160x120 --out "$set.png"
done

# pictures are the same with all vectors
[ "$best" != avx512 ] || cmp avx2.png avx512.png || fail 'AVX2 and AVX-512 draw different pictures'
