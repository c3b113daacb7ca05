#!/bin/sh
# check_links.sh: every relative link in the project's Markdown leads to a file, and its anchor to a
# heading (as GitHub makes anchors of headings).
set -eu
cd "${SOURCE:?the checkout to look at}"

# shellcheck disable=SC2016  # the dollars are awk's
find . -name '*.md' ! -path './build/*' ! -path './runs/*' | sort | xargs awk '
    function slug(text) {
        gsub(/[`*]/, "", text)
        text = tolower(text)
        gsub(/[^a-z0-9 _-]/, "", text)
        gsub(/ /, "-", text)
        return text
    }
    function folder(path) {
        return sub(/[^\/]*$/, "", path) ? path : ""
    }
    # "a/b/../c" is "a/c"
    function clean(path) {
        while (sub(/[^\/.]+\/\.\.\//, "", path));
        gsub(/\/\.\//, "/", path)
        return path
    }
    FNR == 1 { code = 0 }
    /^ *```/ { code = !code }
    code { next }
    /^#+ / {
        text = $0
        sub(/^#+ +/, "", text)
        heading[FILENAME "#" slug(text)] = 1
    }
    {
        line = $0
        while (match(line, /\]\([^)]+\)/)) {
            link = substr(line, RSTART + 2, RLENGTH - 3)
            line = substr(line, RSTART + RLENGTH)
            if (link ~ /^[a-z]+:/)
                continue
            count++
            from[count] = FILENAME ":" FNR
            anchor[count] = link ~ /#/ ? substr(link, index(link, "#")) : ""
            sub(/#.*/, "", link)
            target[count] = link == "" ? FILENAME : clean(folder(FILENAME) link)
        }
    }
    END {
        for (k = 1; k <= count; k++) {
            path = target[k]
            if (system("test -e \"" path "\"") != 0) {
                print from[k] ": leads to " path ", which is not there"
                wrong = 1
            } else if (path ~ /\.md$/ && anchor[k] != "" && !((path anchor[k]) in heading)) {
                print from[k] ": " path " has no heading for " anchor[k]
                wrong = 1
            }
        }
        exit wrong
    }
'
