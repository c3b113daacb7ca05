#!/bin/sh
# test-targets.sh PRESET [OPTION OF CTEST...]: names the targets that the chosen tests run, for
# builds of these only. A test in C has the name of its program; scripts run what users install.
set -eu
preset=$1
shift
ctest --preset "$preset" -N "$@" | sed -En '
    s|^ *Test +#[0-9]+: (.*)|\1|; T
    s|^scripts/.*|for_scripts|
    s|.*/||
    s/_(shared|corpus)$//
    p' | sort -u
