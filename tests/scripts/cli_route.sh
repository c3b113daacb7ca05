#!/bin/sh
# cli_route.sh: routes are planned, printed and drawn, and what cannot be planned is explained.
# shellcheck source=tests/scripts/cli.lib
. "${SOURCE:?the checkout}/tests/scripts/cli.lib"

expect 0 imprint route --map straight_road --from 3,0:east --to 5,0
prints 'straight_road: 1.17 m, 3 tiles, 0 intersections'
prints '     3,0  straight         0       0.00'
prints '     5,0  straight         0       1.17'

# left at the crossing of regress_4way_adam: from the west to the north
expect 0 imprint route --map regress_4way_adam --from 2,3:east --to 3,2:north
prints '     3,3  4way '
prints '  left'
expect 0 imprint route --map regress_4way_adam --from 2,3:east --to 3,2:north --json
prints '"command": "left"'
prints '"intersections": 1'

# pictures: the route is in them and in the legend
expect 0 imprint route --map regress_4way_adam --from 2,3:east --to 3,2:north --out way.svg
prints 'written: way.svg'
grep -q '>route</text>' way.svg || fail "the legend of way.svg has no route"
grep -q '<title>start of the route</title>' way.svg || fail "way.svg has no start"
expect 0 imprint map show regress_4way_adam --out plain.svg
prints 'written: plain.svg'
differ way.svg plain.svg "a route was not drawn"
! grep -q '>route</text>' plain.svg || fail "a map without a route has one in its legend"
expect 0 imprint route --map regress_4way_adam --from 2,3:east --to 3,2:north --out way.png \
    --size 640x480
head -c 4 way.png | grep -q PNG || fail "way.png is no PNG"

# refusals
expect 2 imprint route --map regress_4way_adam --to 3,2
says '--from is missing: give a tile of the map'
expect 2 imprint route --map regress_4way_adam --from 2,3 --to 30,2
says "--to '30,2' is off the map regress_4way_adam, whose tiles are 0,0 to 6,6"
expect 2 imprint route --map regress_4way_adam --from 0,0 --to 3,2
says "--from '0,0': this tile"
expect 2 imprint route --map straight_road --from 3,0:w --to 5,0
says '--from 3,0:w --to 5,0: no lane leads from the start to the end without turning round'
expect 2 imprint route --map regress_4way_adam --from 2,3 --to 3,2 --out way.txt
expect 3 imprint route --map no_such_map --from 2,3 --to 3,2
