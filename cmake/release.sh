#!/usr/bin/env bash
# release.sh [--out DIR] [SUITE...]: makes the files of a release in DIR (build/release-files): the
# source archive, Debian packages for each suite (bookworm, trixie), and SHA256SUMS of all. Packages
# are built in a bare root of their suite, then installed in another one, where they are timed and
# used. Wants to be root, as cmake/debian-root.sh; exits with 77 where that cannot make a root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Inside a root: builds the packages into /out.
build_packages() {
    ./run packages
    cp build/packages/*.deb /out/
}

# Inside a fresh root: installs the packages of /out, uses them, removes them.
try_packages() {
    local from
    apt-get update -qq
    from=$(date +%s%N)
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 /out/imprint_*.deb /out/libimprint0*.deb >/dev/null
    imprint --version
    echo "installed in $((($(date +%s%N) - from) / 1000000)) ms"
    cd /tmp
    imprint doctor
    imprint init project
    QUICK=1 project/run.sh >run.log 2>&1 || { tail run.log; return 1; }
    for file in /usr/share/man/man1/imprint-log.1.gz \
        /usr/share/bash-completion/completions/imprint /usr/share/imprint/maps/loop_empty.yaml; do
        [ -e "$file" ] || { echo "$file is missing"; return 1; }
    done
    apt-get remove -y -qq imprint >/dev/null
    [ ! -e /usr/bin/imprint ] || { echo "imprint is still there"; return 1; }
}

case ${1-} in
--build-in-root) build_packages; exit ;;
--try-in-root) try_packages; exit ;;
esac
out=build/release-files
if [ "${1-}" = --out ]; then
    out=${2:?a folder}
    shift 2
fi
[ $# -gt 0 ] || set -- bookworm trixie
version=$(sed -n 's/.*IMPRINT_VERSION_STRING "\(.*\)".*/\1/p' include/imprint/version.h)
mkdir -p "$out"
out=$(realpath "$out")
git archive --prefix="imprint-$version/" -o "$out/imprint-$version.tar.gz" HEAD
for suite in "$@"; do
    mkdir -p "$out/$suite"
    rm -f "$out/$suite"/*.deb
    OUT=$out/$suite cmake/debian-root.sh "$suite" cmake/release.sh --build-in-root
    echo "-- $suite: the packages in a bare root"
    OUT=$out/$suite cmake/debian-root.sh "$suite" cmake/release.sh --try-in-root
done
# shellcheck disable=SC2094  # find leaves the file out
(cd "$out" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort |
    xargs sha256sum >SHA256SUMS && sha256sum --check --quiet SHA256SUMS)
echo "$out: $(wc -l <"$out/SHA256SUMS") files"
