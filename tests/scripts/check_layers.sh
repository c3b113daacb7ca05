#!/bin/sh
# check_layers.sh: every include goes the way that the table in docs/architecture.md allows, the
# build links what that table says, oneDNN's names stay in src/nn, and src/base/processor.c alone
# asks for the instruction set.
set -eu
cd "${SOURCE:?the checkout to look at}"

table=$(mktemp)
trap 'rm -f "$table"' EXIT

# one line per folder of the table: "folder: known known ..."
awk -F'|' '/^\| `[a-z]+` \|/ { gsub(/[` ]/, "", $2); print $2 ": " $4 }' \
    docs/architecture.md >"$table"
[ -s "$table" ] || { echo "docs/architecture.md: no table of folders found"; exit 1; }

# shellcheck disable=SC2016  # the dollars are awk's
find src include -name '*.[ch]' | sort | xargs awk -v table="$table" '
    BEGIN {
        while ((getline line < table) > 0) {
            n = split(line, word, /[: ]+/)
            folder[word[1]] = 1
            may[word[1], word[1]] = 1
            for (i = 2; i <= n; i++)
                may[word[1], word[i]] = 1
        }
    }
    # src/<folder>/x.h, include/imprint/<folder>.h and <folder>_<part>.h belong to <folder>
    function owner(path,   part, n) {
        n = split(path, part, "/")
        if (part[n - 1] != "imprint")
            return part[n - 1]
        sub(/(_[a-z]+)?\.h$/, "", part[n])
        return part[n]
    }
    function complain(what) {
        print FILENAME ":" FNR ": " what
        wrong = 1
    }
    FNR == 1 {
        me = owner(FILENAME)
        public = FILENAME ~ /^include\//
        if (!(me in folder))
            complain("folder " me " is not in the table of docs/architecture.md")
    }
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        quoted = $0 ~ /include[ \t]*"/
        path = $0
        sub(/^[^"<]*["<]/, "", path)
        sub(/[">].*/, "", path)
        slash = index(path, "/")
        first = substr(path, 1, slash - 1)
        if (quoted && !slash)
            complain("include \"" path "\" by its folder: \"<folder>/" path "\"")
        if (quoted && public && first != "imprint")
            complain("a public header includes the internal " path)
        other = owner(path)
        if ((first == "imprint" || first in folder || quoted) && slash && !((me, other) in may))
            complain(me " may not know " other)
    }
    # names of its packages, libdnnl..., may be told anywhere
    tolower($0) ~ /(^|[^b])dnnl/ && me != "nn" { complain("oneDNN outside src/nn") }
    END { exit wrong }
'

# whoever asks the processor, or lets the compiler or the linker do so, is not limited by
# IMPRINT_INSTRUCTION_SET
if grep -rnE '__builtin_cpu_|<cpuid\.h>|__cpuid|_xgetbv|getauxval|target_clones|ifunc' \
    --include='*.[ch]' src include tests | grep -v '^src/base/processor\.c:' ||
    grep -rn 'getenv.*INSTRUCTION_SET' --include='*.[ch]' src include |
    grep -v '^src/base/processor\.c:'; then
    echo "ask base/processor.h for the instruction set instead"
    exit 1
fi

# CMakeLists.txt links by the same table (cli is the program itself)
sed -n '/^imp_folder(/{:a;/)/!{N;ba};s/\n */ /g;s/^imp_folder(\([a-z]*\)\(.*\)/\1\2/p}' \
    CMakeLists.txt | awk -v table="$table" '
    BEGIN {
        while ((getline line < table) > 0) {
            name = line; sub(/:.*/, "", name)
            sub(/^[^:]*: */, "", line); sub(/ *$/, "", line)
            knows[name] = line
        }
    }
    {
        name = $1; sub(/\).*/, "", name)
        text = ""
        if ($0 ~ / KNOWS /) {
            text = $0; sub(/.* KNOWS /, "", text); sub(/ *(USES.*|\).*)$/, "", text)
        }
        seen[name] = 1
        if (text != knows[name]) {
            print "CMakeLists.txt: " name " KNOWS \"" text "\", the table says \"" knows[name] "\""
            wrong = 1
        }
    }
    END {
        for (name in knows)
            if (!(name in seen) && name != "cli") {
                print "CMakeLists.txt: no imp_folder(" name ")"
                wrong = 1
            }
        exit wrong
    }
'
