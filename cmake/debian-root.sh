#!/usr/bin/env bash
# debian-root.sh SUITE COMMAND...: runs a command in a bare root of a Debian release, in a copy of
# this checkout; exits as the command does. The release comes from this machine's own Debian
# sources and is kept in build/debian-root/SUITE. Every call works in a fresh copy, which goes at
# its end, except what it wrote to /out: that is the folder $OUT of this machine, where it is set.
# Environment variables IMPRINT_... and BRIEF are passed on. Wants to be root; exits with
# 77 where it must not make such a root, as in a container without the right to mount.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: cmake/debian-root.sh SUITE COMMAND..." >&2
    exit 2
fi
suite=$1
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
roots=$PWD/build/debian-root
base=$roots/$suite
root=$roots/run.$$

# mounts live in a namespace of their own, and end with its last process
if [ "$(id -u)" -ne 0 ] || ! unshare --mount mount -t tmpfs none /mnt 2>/dev/null; then
    echo "debian-root.sh: no right to mount here, so no root of $suite"
    exit 77
fi

# the sources of this machine's apt that hold whole releases: those of updates have no base system
mirror=$(apt-get indextargets --format "\$(REPO_URI) \$(CODENAME) \$(COMPONENT)" \
    'Identifier: Packages' | awk '$2 !~ /-/ && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] ||
    { echo "debian-root.sh: apt knows no Debian release: run apt-get update" >&2; exit 1; }

if ! [ -e "$base/complete" ]; then
    rm -rf "$base"
    mkdir -p "$base"
    # a release that this machine's debootstrap does not know is made as unstable is
    script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    unshare --mount debootstrap --variant=minbase "$suite" "$base" "$mirror" "$script" \
        >"$roots/$suite.log" ||
        { tail "$roots/$suite.log" >&2; exit 1; }
    touch "$base/complete"
fi

trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM
cp -a "$base" "$root"
# the network as it is reached from here: names, proxies and whom to trust
for file in /etc/{resolv.conf,hosts} /etc/apt/apt.conf.d/99* \
    /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || install -D -m 644 "$file" "$root$file"
done
# for pip; the package ca-certificates would replace the file above
[ ! -e /etc/ssl/certs/ca-certificates.crt ] ||
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/outside.crt"
mkdir "$root/src"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    tar -c --null --files-from=- | tar -x --no-same-owner -C "$root/src"

environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LC_ALL=C
    PIP_CERT=/etc/ssl/outside.crt)
while IFS= read -r name; do
    environment+=("$name=${!name}")
done < <(compgen -e | grep -E '^(IMPRINT_|BRIEF$)' || true)

# shellcheck disable=SC2016  # the dollars are the inner shell's
OUT=${OUT:+$(realpath "$OUT")} unshare --mount bash -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    [ -z "$OUT" ] || { mkdir "$root/out"; mount --bind "$OUT" "$root/out"; }
    exec chroot "$root" env -i "$@"
' debian-root "$root" "${environment[@]}" bash -c 'cd /src && exec "$@"' command "$@"
