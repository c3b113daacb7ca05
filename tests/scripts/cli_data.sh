#!/bin/sh
# cli_data.sh: imprint data list, drop, merge, split and append: what they print and refuse.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint log --episodes 4 --steps 30 --noise 0.3 --size 16x12 --seed 1 --out a
expect 0 imprint log --episodes 3 --steps 30 --noise 0.3 --size 16x12 --seed 2 --out b
expect 0 imprint data list a --difference 0.1
prints 'of 4 episodes'

expect 0 imprint data drop a --episodes 0,2-3 --dry-run
prints 'would leave out: 3 episodes (number)'
expect 0 imprint data drop a --episodes 0,2-3 --out clean
prints 'clean: 1 episode, 30 steps, of 1 dataset with 4 episodes'
expect 0 imprint data info clean
prints 'made of         1 episode of 1 dataset with 4 episodes, by imprint data drop'
for wrong in '' 3- 1,,2 -1 2x '1,'; do
    expect 2 imprint data drop a "--episodes=$wrong" --out x
done
expect 2 imprint data drop a --outlier -1 --out x
expect 2 imprint data drop a --ended-badly
says '--out'
expect 2 imprint data split a --marks b --out x
says '--marks is for imprint data drop'
expect 4 imprint data drop a --episodes 1 --out clean
says '--force'
expect 0 imprint data drop a --episodes 1 --out clean --force
prints 'clean: 3 episodes'

expect 2 imprint data merge a clean --out x
says 'give each dataset once'
expect 0 imprint data merge a b --out merged
prints 'merged: 7 episodes'
expect 0 imprint data append a b
expect 0 imprint data check a
prints '7 episodes, 210 steps, no errors'
expect 2 imprint log --resume --out a --episodes 9
says 'record more in another folder'
expect 0 imprint data split merged --validation 0.3 --out parts --json
prints '"validation_episodes": 2'
expect 0 imprint data split merged --validation 0.3 --out parts --force

# compressed: the same episodes in other files, also of a recording
expect 0 imprint data copy merged --out packed
expect 0 imprint data info packed
prints ', compressed'
expect 0 imprint log --episodes 4 --steps 30 --noise 0.3 --size 16x12 --seed 1 --compress --out a2
expect 0 imprint data copy a2 --no-compress --out plain --json
expect 0 imprint data info a2 --json
grep '^  "hash"' "$work/out" >hash.txt
expect 0 imprint data info plain --json
prints "$(cat hash.txt)"
expect 0 imprint log --resume --out a2 --episodes 5
expect 2 imprint data split a2 --compress --out x
absent x x.partial a.partial parts.partial
