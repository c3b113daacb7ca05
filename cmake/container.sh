#!/usr/bin/env bash
# container.sh [SUITE]: builds the image of the Dockerfile on a bare root of a Debian release
# (trixie) instead of an image of a registry, and uses it: the program as a user, with a mounted
# folder, and the agent. Wants to be root, and buildah; exits with 77 where it cannot build images.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=${1:-trixie}
command -v buildah >/dev/null ||
    { echo "container.sh: no buildah: apt-get install buildah"; exit 77; }
# the base exists after any command in such a root
cmake/debian-root.sh "$suite" true

base=localhost/imprint-base:$suite
image=localhost/imprint:$suite
folder=$(mktemp -d)
containers=() bare="" used=""
clean_up() {
    for container in "${containers[@]}"; do
        buildah rm "$container" >/dev/null 2>&1 || true
    done
    buildah rmi --force "$image" "$base" >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

new_container() { # VARIABLE IMAGE
    local name
    name=$(buildah from --pull-never "$2")
    containers+=("$name")
    printf -v "$1" %s "$name"
}

# an image like Debian's own, with the network as it is reached from here
new_container bare scratch
buildah add --quiet "$bare" "build/debian-root/$suite" / >/dev/null
for file in /etc/apt/apt.conf.d/99* /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || buildah add --quiet "$bare" "$file" "$file" >/dev/null
done
buildah config --cmd bash "$bare"
buildah commit --quiet --rm "$bare" "$base" >/dev/null

buildah bud --isolation chroot --pull-never --build-arg "BASE=$base" -t "$image" .
echo "-- $(buildah images --format '{{.Name}} {{.Size}}' "$image")"

# what `podman run IMAGE` does: the entry point, by the image's user
new_container used "$image"
[ "$(buildah inspect --format '{{.OCIv1.Config.Entrypoint}}' "$used")" = '[imprint]' ] ||
    { echo "container.sh: the entry point is not imprint"; exit 1; }
chmod 777 "$folder"
in_container() {
    buildah run --isolation chroot --volume "$folder:/work" "$used" -- "$@"
}
in_container imprint --version
[ "$(in_container id -u)" = 1000 ] || { echo "container.sh: it runs as root"; exit 1; }
in_container imprint doctor
in_container imprint log --quiet --episodes 1 --steps 20 --out data
in_container imprint data info data
in_container imprint-agent --help >/dev/null
[ -e "$folder/data/main_data.hdf5" ] || { echo "container.sh: no data outside of it"; exit 1; }
echo "the image for $suite works"
