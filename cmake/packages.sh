#!/usr/bin/env bash
# packages.sh: Debian packages for this system, by debhelper, in build/packages: imprint,
# imprint-agent, libimprint with its soname, libimprint-dev and python3-imprint. Each has the
# suffix of the system in its version, so that packages of an older system are replaced on upgrades.
# The arguments are Debian's -dev packages that users of the static library need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ $# -eq 0 ]; then
    echo "usage: cmake/packages.sh PACKAGE...   (./run packages knows them)" >&2
    exit 2
fi
version=$(sed -n 's/.*IMPRINT_VERSION_STRING "\(.*\)".*/\1/p' include/imprint/version.h)
# shellcheck source=/dev/null
system=$(. /etc/os-release && echo "${ID/debian/deb}$VERSION_ID")
development=$(printf ', %s' "$@")
# the day of the commit, or of this file in a source archive
day=$(git log -1 --format=%cD 2>/dev/null || date -Rr include/imprint/version.h)

work=build/packages
rm -rf "$work/debian" "$work"/*.deb
mkdir -p "$work"
cp -r cmake/debian "$work/debian"
sed -i -e "s/@LIBRARY@/libimprint${version%.*}/; s/@DEVELOPMENT@/${development#, }/" \
    "$work/debian/control"
cat >"$work/debian/changelog" <<CHANGELOG
imprint ($version+$system) unstable; urgency=medium

  * What changed is in /usr/share/doc/imprint/CHANGELOG.md.

 -- imprint developers <developers@imprint.invalid>  $day
CHANGELOG

eval "$(dpkg-architecture -s)" # DEB_HOST_ARCH and so on, for debhelper
# the compiler's flags are the project's own, with which its results and speeds are measured
LDFLAGS=$(DEB_BUILD_MAINT_OPTIONS=hardening=+bindnow dpkg-buildflags --get LDFLAGS)
export LDFLAGS
common=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_SKIP_RPATH=ON
    "-DCMAKE_C_COMPILER_LAUNCHER=$(command -v ccache || true)")
cmake -S . -B "$work/program" "${common[@]}" -DCMAKE_INSTALL_PREFIX=/usr \
    "-DCMAKE_INSTALL_LIBDIR=lib/$DEB_HOST_MULTIARCH" -DIMPRINT_TESTS=OFF
cmake --build "$work/program" --parallel "$(nproc)"
cmake -S python -B "$work/python" "${common[@]}" "-Dimprint_DIR=$PWD/$work/program" \
    -DIMPRINT_SHARED=ON -DPython_EXECUTABLE=/usr/bin/python3 -DSKBUILD_SCRIPTS_DIR=bin
cmake --build "$work/python" --parallel "$(nproc)" --target _native

export SOURCE=$PWD
cd "$work"
debian/rules binary
mv ../*.deb .
