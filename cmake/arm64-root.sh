#!/usr/bin/env bash
# arm64-root.sh: fetches the arm64 libraries that imprint stands on into build/arm64-root, from this
# machine's own Debian sources, for cmake/arm64.cmake. Changes nothing else here and needs no root.
set -euo pipefail

packages=(libc6-dev libhdf5-dev libyaml-dev libjansson-dev libpng-dev
    libjpeg62-turbo-dev libbz2-dev libsqlite3-dev libzstd-dev libcmocka-dev)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/arm64-root
if [ "$(cat "$root/complete" 2>/dev/null)" = "${packages[*]}" ]; then
    exit 0
fi
rm -rf "$root"

# an apt of its own: it knows no installed package, so it fetches all that these stand on
state=$root/.apt
mkdir -p "$state/lists/partial" "$state/archives/partial"
: >"$state/status"
apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64
    -o APT::Install-Recommends=0 -o APT::Sandbox::User=root -o Debug::NoLocking=1
    -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state"
    -o Dir::Cache::archives="$state/archives")
"${apt[@]}" update
"${apt[@]}" --download-only --yes install "${packages[@]}" >/dev/null
for package in "$state"/archives/*.deb; do
    dpkg-deb -x "$package" "$root"
done
rm -r "$state"

# Debian's /lib is a link, which old packages overwrite
if [ -d "$root/lib" ] && ! [ -L "$root/lib" ]; then
    cp -a "$root/lib/." "$root/usr/lib/"
    rm -r "${root:?}/lib"
fi
ln -sfn usr/lib "$root/lib"

# links that begin at the root mean this one
find "$root" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
    ln -sfnr "$root$(readlink "$link")" "$link"
done
printf '%s\n' "${packages[*]}" >"$root/complete"
