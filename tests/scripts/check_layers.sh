#!/bin/sh
# check_layers.sh: every include goes the way that the table in docs/architecture.md allows, the
# build links what that table says, and cpu_features.c in src/base/threads alone asks for the
# instruction set.
set -eu
cd "${SOURCE:?the checkout to look at}"

table=$(mktemp)
trap 'rm -f "$table"' EXIT

# one line per folder of the table: "folder: public.h ...: known known ..."
awk -F'|' '/^\| `[a-z0-9_\/]+` \|/ {
    gsub(/[` ]/, "", $2); gsub(/`/, "", $3); print $2 ":" $3 ":" $5
}' docs/architecture.md >"$table"
[ -s "$table" ] || { echo "docs/architecture.md: no table of folders found"; exit 1; }

# shellcheck disable=SC2016  # the dollars are awk's
find src include -name '*.[ch]' | sort | xargs awk -v table="$table" '
    BEGIN {
        while ((getline line < table) > 0) {
            split(line, part, ":")
            folder[part[1]] = 1
            may[part[1], part[1]] = 1
            n = split(part[2], word, " ")
            for (i = 1; i <= n; i++)
                owner_of["imprint/" word[i]] = part[1]
            n = split(part[3], word, " ")
            for (i = 1; i <= n; i++)
                may[part[1], word[i]] = 1
        }
    }
    # src/<folder>/x.h belongs to <folder>, a public header to the one that the table names
    function owner(path) {
        sub(/^(src|include)\//, "", path)
        if (path in owner_of)
            return owner_of[path]
        sub(/\/[^\/]*$/, "", path)
        return path
    }
    # whether folder a may include from b: b or a room that it lies in is named; or b is a room,
    # that is, its public headers, and a or a folder that a names lies in it
    function knows(a, b,   room, word) {
        if (a == b || index(a, b "/") == 1 || index(b, a "/") == 1)
            return 1
        room = b
        do {
            if ((a, room) in may)
                return 1
        } while (sub(/\/[^\/]*$/, "", room))
        for (word in folder)
            if (index(word, b "/") == 1 && (a, word) in may)
                return 1
        return 0
    }
    function complain(what) {
        print FILENAME ":" FNR ": " what
        wrong = 1
    }
    FNR == 1 {
        me = owner(FILENAME)
        public = FILENAME ~ /^include\//
        if (!(me in folder) && FILENAME != "include/imprint/imprint.h")
            complain("folder " me " is not in the table of docs/architecture.md")
    }
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        quoted = $0 ~ /include[ \t]*"/
        path = $0
        sub(/^[^"<]*["<]/, "", path)
        sub(/[">].*/, "", path)
        if (quoted && path !~ /\//)
            complain("include \"" path "\" by its folder: \"<folder>/" path "\"")
        if (quoted && public && path !~ /^imprint\//)
            complain("a public header includes the internal " path)
        other = owner(path)
        if (quoted && me in folder && !knows(me, other))
            complain(me " may not know " other)
    }
    END { exit wrong }
'

# whoever asks the processor, or lets the compiler or the linker do so, is not limited by
# IMPRINT_INSTRUCTION_SET
if grep -rnE '__builtin_cpu_|<cpuid\.h>|__cpuid|_xgetbv|getauxval|target_clones|ifunc' \
    --include='*.[ch]' src include tests | grep -v '^src/base/threads/cpu_features\.c:' ||
    grep -rn 'getenv.*INSTRUCTION_SET' --include='*.[ch]' src include |
    grep -v '^src/base/threads/cpu_features\.c:'; then
    echo "ask base/threads/cpu_features.h for the instruction set instead"
    exit 1
fi

# CMakeLists.txt links by the same table (cli is the program itself)
sed -n '/^imp_\(vector_\|wasm_\)*folder(/{
        :a;/)/!{N;ba};s/\n */ /g;s/^imp_\(vector_\|wasm_\)*folder(\([a-z0-9_/]*\)\(.*\)/\2\3/p}' \
    CMakeLists.txt | awk -v table="$table" '
    BEGIN {
        while ((getline line < table) > 0) {
            split(line, part, ":")
            gsub(/^ +| +$/, "", part[3])
            knows[part[1]] = part[3]
        }
    }
    {
        name = $1; sub(/\).*/, "", name)
        text = ""
        if ($0 ~ / KNOWS /) {
            text = $0; sub(/.* KNOWS /, "", text); sub(/ *(USES.*|\).*)$/, "", text)
        }
        seen[name] = 1
        gsub(/ +/, " ", text)
        if (text != knows[name]) {
            print "CMakeLists.txt: " name " KNOWS \"" text "\", the table says \"" knows[name] "\""
            wrong = 1
        }
    }
    END {
        # rows of rooms are there for their headers
        for (name in knows)
            if (!(name in seen) && name !~ /^cli/ &&
                system("ls src/" name "/*.c >/dev/null 2>&1") == 0) {
                print "CMakeLists.txt: no imp_folder(" name ")"
                wrong = 1
            }
        exit wrong
    }
'
