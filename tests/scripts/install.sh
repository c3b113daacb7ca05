#!/bin/sh
# install.sh: an installation that was moved elsewhere serves C17 and C++17 programs, shared and
# static, through pkg-config and through CMake; the target uninstall leaves nothing.
# shellcheck source=tests/scripts/cli.lib
. "$(dirname "$0")/cli.lib"

build=$(dirname "$IMPRINT")
[ -z "${SANITIZED:-}" ] || { echo "skipped: a sanitizer's library needs its runtime"; exit 77; }
for tool in cmake pkg-config; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
for file in libimprint.so libimprint.a man/imprint.1; do
    [ -e "$build/$file" ] || { echo "skipped: $build/$file is not built"; exit 77; }
done

# the lists of an earlier installation by hand are put back
lists="install_manifest.txt install_directories.txt"
for list in $lists; do
    [ ! -e "$build/$list" ] || mv "$build/$list" "$work/$list.kept"
done
restore() {
    for list in $lists; do
        rm -f "$build/$list"
        [ ! -e "$work/$list.kept" ] || mv "$work/$list.kept" "$build/$list"
    done
    leave
}
trap restore EXIT

cmake --install "$build" --prefix "$work/first/prefix" >install.log || fail "$(cat install.log)"
for file in bin/imprint bin/imprint-agent include/imprint/imprint.h lib/libimprint.a \
    lib/libimprint.so share/imprint/maps/loop_empty.yaml share/imprint/networks/small.yaml \
    share/imprint/examples/minimal_agent.py share/doc/imprint/README.md \
    share/doc/imprint/docs/architecture.md share/man/man1/imprint.1 \
    share/man/man1/imprint-log.1; do
    [ -e "first/prefix/$file" ] || fail "$file is not installed"
done

# a manual page for each command, with its options
imprint help | sed -n '/^Commands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p' >commands
[ "$(wc -l <commands)" -gt 10 ] || fail "no commands in: $(imprint help)"
while read -r command; do
    page=first/prefix/share/man/man1/imprint-$command.1
    for part in '.SH NAME' '.SH SYNOPSIS' '.SH DESCRIPTION' '\-\-help' 'imprint (1)'; do
        grep -qF -- "$part" "$page" || fail "$page lacks $part"
    done
done <commands

# a moved copy, without the first
cp -R first/prefix moved
cmake -DBUILD="$build" -P "$SOURCE/cmake/uninstall.cmake" >uninstall.log 2>&1 ||
    fail "$(cat uninstall.log)"
left_over=$(find first)
[ "$left_over" = first ] || fail "uninstall left: $left_over"
! grep -rIl "$work/first" moved || fail "these files hold the path of the first prefix"

# models that come with it are found from where the program is now
(unset IMPRINT_MODELS && moved/bin/imprint eval --policy robot --episodes 1 --steps 5 >out) ||
    fail "the moved program does not find its model"
moved/bin/imprint --version >out
grep -q '^imprint [0-9]' out || fail "the moved program prints: $(cat out)"

# one source for C and C++
cat >program.c <<'END'
#include <imprint/imprint.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    static imp_error err;
    imp_world *world = NULL;
    static imp_env env;
    const imp_env_def def = imp_default_env_def();
    imp_status status = imp_world_load(&world, "loop_empty", &err);
    if (status == IMP_OK)
        status = imp_env_init(&env, world, &def, &err);
    if (status == IMP_OK)
        status = imp_env_reset(&env, 0, &err);
    char numbers[32];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", IMPRINT_VERSION_MAJOR, IMPRINT_VERSION_MINOR,
             IMPRINT_VERSION_PATCH);
    const imp_action action = {0.5, 0.5};
    for (int k = 0; k < 10 && status == IMP_OK; k++)
        imp_env_step(&env, action);
    printf("%s %d %.6f\n", imp_version(), env.frame, env.pose.x);
    imp_world_destroy(world);
    if (status != IMP_OK)
        fprintf(stderr, "%s\n", err.message);
    return status != IMP_OK || strcmp(imp_version(), IMPRINT_VERSION_STRING) != 0 ||
           strcmp(numbers, imp_version()) != 0;
}
END
cp program.c program.cpp

# runs NAME COMMAND...: a program that prints what the first one did
runs_well() {
    name=$1
    shift
    "$@" >out 2>err || fail "$name: $(cat out err)"
    [ -e wanted ] || cp out wanted
    cmp -s wanted out || fail "$name prints '$(cat out)' instead of '$(cat wanted)'"
}

warnings="-Wall -Wextra -Wpedantic -Werror"
c=${CC:-cc}
cxx=${CXX:-g++}
command -v "$cxx" >/dev/null || cxx=
PKG_CONFIG_PATH=$PWD/moved/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH

# shellcheck disable=SC2046,SC2086  # flags are words
# the commands of docs/library.md, for pkg-config and for CMake
with_pkg_config() { # NAME COMPILER STANDARD SOURCE
    $2 -std=$3 $warnings -o "$1-shared" "$4" $(pkg-config --cflags --libs imprint) ||
        fail "$1 does not link with pkg-config's flags"
    runs_well "$1-shared" env LD_LIBRARY_PATH="$PWD/moved/lib" "./$1-shared"
    $2 -std=$3 $warnings -o "$1-static" "$4" $(pkg-config --cflags --libs imprint-static) ||
        fail "$1 does not link statically with pkg-config's flags"
    runs_well "$1-static" "./$1-static"
}
with_pkg_config c "$c" c17 program.c
[ -z "$cxx" ] || with_pkg_config cxx "$cxx" c++17 program.cpp

# the program of docs/c-api.md
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$SOURCE/docs/c-api.md" >drive.c
# shellcheck disable=SC2046,SC2086  # flags are words
$c -std=c17 $warnings -o drive drive.c $(pkg-config --cflags --libs imprint) ||
    fail "the program of docs/c-api.md does not compile"
LD_LIBRARY_PATH="$PWD/moved/lib" ./drive >out || fail "the program of docs/c-api.md fails"
grep -q '^mean reward: [0-9.-]*$' out || fail "the program of docs/c-api.md prints: $(cat out)"

mkdir project
cat >project/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES ${languages})
set(CMAKE_C_STANDARD 17)
set(CMAKE_CXX_STANDARD 17)
find_package(imprint 0.1 REQUIRED COMPONENTS static)
foreach(language IN LISTS languages)
  string(TOLOWER ${language} ending)
  string(REPLACE "xx" "pp" ending ${ending})
  add_executable(shared_${ending} ../program.${ending})
  target_link_libraries(shared_${ending} imprint::imprint)
  add_executable(static_${ending} ../program.${ending})
  target_link_libraries(static_${ending} imprint::imprint_static)
endforeach()
END
languages=C
[ -z "$cxx" ] || languages="C;CXX"
cmake -S project -B built -DCMAKE_PREFIX_PATH="$PWD/moved" "-Dlanguages=$languages" \
    -DCMAKE_BUILD_TYPE=Release >cmake.log 2>&1 || fail "$(cat cmake.log)"
cmake --build built >cmake.log 2>&1 || fail "$(cat cmake.log)"
for program in built/shared_c built/static_c ${cxx:+built/shared_cpp built/static_cpp}; do
    runs_well "$program" "$program"
done

[ -n "$cxx" ] || { echo "skipped: no C++ compiler, the C programs run"; exit 77; }
