#!/usr/bin/env bash
# release.sh [--out DIR] [PART...]: makes the files of a release in DIR (build/release-files), tries
# each in a bare root of Debian, and writes SHA256SUMS of all. Parts, all unless named:
#   source             the source archive of the last commit
#   bookworm, trixie   Debian packages, built from the source archive in a bare root of that suite,
#                      checked by lintian, then timed and used in another root
#   python             source distribution and wheel, by python/build-wheels
#   docs               the documentation site
#   container          no file: builds the image of the Dockerfile and tries it
# Wants to be root, as cmake/debian-root.sh; exits with 77 where that cannot make a root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

install_quietly() { # PACKAGE...
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

# Inside a root: builds the packages of the source archive, and lets lintian read them.
build_packages() { # FOLDER
    apt-get update -qq
    mkdir /source
    tar -x -z --strip-components=1 -C /source -f "$1"/../imprint-*.tar.gz
    cd /source
    ./run packages
    cp build/packages/*.deb "$1"
    install_quietly lintian
    lintian --allow-root --fail-on error,warning "$1"/*.deb
    echo "lintian: no errors, no warnings"
}

# Inside a fresh root: installs the program, times that, uses and removes it.
try_program() { # FOLDER
    local file from took
    from=$(date +%s%N)
    apt-get update -qq
    install_quietly "$1"/imprint_*.deb "$1"/imprint-agent_*.deb
    imprint --version
    took=$((($(date +%s%N) - from) / 1000000))
    echo "from a bare root to imprint --version: $took ms"
    [ $took -le 30000 ] || {
        echo "more than 30 s, with a load of $(cut -d ' ' -f 1 /proc/loadavg): is it idle?"
        return 1
    }
    imprint doctor
    imprint init project
    QUICK=1 project/run.sh >run.log 2>&1 || { tail run.log; return 1; }
    imprint-agent --help >/dev/null
    for file in man/man1/imprint{,-log,-agent}.1.gz bash-completion/completions/imprint \
        zsh/vendor-completions/_imprint fish/vendor_completions.d/imprint.fish \
        imprint/maps/loop_empty.yaml; do
        [ -e "/usr/share/$file" ] || { echo "/usr/share/$file is missing"; return 1; }
    done
    apt-get remove -y -qq imprint imprint-agent >/dev/null
    [ ! -e /usr/bin/imprint ] || { echo "imprint is still there"; return 1; }
}

# Inside the same root: the Python package without the program, and tests that Debian can run.
try_python() { # FOLDER
    install_quietly "$1"/python3-imprint_*.deb "$1"/libimprint0*.deb python3-pytest
    python3 -c 'import imprint; print("Python package", imprint.__version__)'
    python3 -m pytest -q -p no:cacheprovider \
        /src/python/tests/test_{arrays,datasets,definitions,errors,monitor}.py
}

# Inside the same root: a program in C against the shared library.
try_library() { # FOLDER
    install_quietly "$1"/libimprint*.deb gcc libc6-dev pkgconf
    # shellcheck disable=SC2046  # flags are words
    gcc -o hello /src/examples/hello.c $(pkg-config --cflags --libs imprint)
    ./hello >/dev/null
    ldd hello | grep libimprint
}

case ${1-} in
--build-in-root)
    build_packages "/out/$2"
    exit
    ;;
--try-in-root)
    cd /tmp
    try_program "/out/$2"
    try_python "/out/$2"
    try_library "/out/$2"
    exit
    ;;
esac

make_source() {
    rm -f "$out"/imprint-*.tar.gz
    git archive --prefix="imprint-$version/" -o "$out/imprint-$version.tar.gz" HEAD
}

make_packages() { # SUITE
    [ -e "$out/imprint-$version.tar.gz" ] || make_source
    mkdir -p "$out/$1"
    rm -f "$out/$1"/*.deb
    OUT=$out cmake/debian-root.sh "$1" cmake/release.sh --build-in-root "$1"
    echo "-- $1: the packages in a bare root"
    OUT=$out cmake/debian-root.sh "$1" cmake/release.sh --try-in-root "$1"
}

make_docs() {
    ./run docs
    tar -c -z --sort=name --owner=0 --group=0 --transform="s,^site,imprint-docs-$version," \
        -C build/docs -f "$out/imprint-docs-$version.tar.gz" site
}

out=build/release-files
if [ "${1-}" = --out ]; then
    out=${2:?a folder}
    shift 2
fi
[ $# -gt 0 ] || set -- source bookworm trixie python docs container
version=$(sed -n 's/.*IMPRINT_VERSION_STRING "\(.*\)".*/\1/p' include/imprint/version.h)
mkdir -p "$out"
out=$(realpath "$out")
for part in "$@"; do
    echo "==== $part"
    case $part in
    source) make_source ;;
    bookworm | trixie) make_packages "$part" ;;
    python) python/build-wheels --out "$out/python" ;;
    docs) make_docs ;;
    container) cmake/container.sh trixie ;;
    *) echo "release.sh: '$part' is no part of a release: see its first lines" >&2; exit 2 ;;
    esac
done
# shellcheck disable=SC2094  # find leaves the file out
(cd "$out" && find . -type f ! -name SHA256SUMS ! -path './.*' -printf '%P\n' | sort |
    xargs sha256sum >SHA256SUMS && sha256sum --check --quiet SHA256SUMS)
echo "$out: $(wc -l <"$out/SHA256SUMS") files"
