#!/bin/sh
# check_reading.sh: pages for newcomers are easy to read: Flesch's reading ease is at least 55, and
# at most 3 % of sentences have more than 30 words. And every page of docs has its place in the
# site's navigation, docs/site/nav.yml. PRINT=1 prints each page's figures.
set -eu
cd "${SOURCE:?the checkout to look at}"

# shellcheck disable=SC2016  # the dollars are awk's
awk -v print_all="${PRINT:-}" '
    # as many as there are groups of vowels; a silent e at the end is none
    function syllables(word,    count) {
        word = tolower(word)
        gsub(/[^a-z]/, "", word)
        if (length(word) <= 3)
            return word == "" ? 0 : 1
        sub(/([^laeiouy]es|ed|[^laeiouy]e)$/, "", word)
        count = gsub(/[aeiouy]+/, "", word)
        return count < 1 ? 1 : count
    }
    # a paragraph: sentences end with a full stop, or with the paragraph
    function read_text(text,    parts, count, k, words, n, i, length_) {
        gsub(/!\[[^]]*\]\([^)]*\)/, "", text)
        gsub(/\]\([^)]*\)/, "", text)
        gsub(/`[^`]*`/, "it", text)
        gsub(/[*\[]/, "", text)
        count = split(text, parts, /[.?!]["”)]*( |$)/)
        for (k = 1; k <= count; k++) {
            n = split(parts[k], words, /[ \/]+/)
            length_ = 0
            for (i = 1; i <= n; i++)
                if (words[i] ~ /[A-Za-z]/) {
                    length_++
                    syllable_count += syllables(words[i])
                }
            if (length_ < 2)
                continue
            word_count += length_
            sentence_count++
            all_sentences++
            if (length_ > 30) {
                long_count++
                long_sentences = long_sentences "\n  " last ": " substr(parts[k], 1, 90) "..."
            }
        }
    }
    function finish(    ease) {
        if (paragraph != "") read_text(paragraph)
        paragraph = ""
        if (word_count == 0) return
        ease = 206.835 - 1.015 * word_count / sentence_count - 84.6 * syllable_count / word_count
        if (print_all != "" || ease < 55)
            printf "%s: reading ease %.0f, %d words\n", last, ease, word_count
        if (ease < 55) wrong = 1
        word_count = sentence_count = syllable_count = 0
    }
    FNR == 1 { finish(); last = FILENAME; code = 0 }
    /^ *```/ { code = !code; next }
    code || /^    / || /^\|/ || /^#/ || /^!!!/ || /^ *$/ || /^([-*]|[0-9]+\.) / {
        if (paragraph != "") read_text(paragraph)
        paragraph = ""
        if (!code && $0 ~ /^([-*]|[0-9]+\.) /) { sub(/^([-*]|[0-9]+\.) /, ""); paragraph = $0 }
        next
    }
    { paragraph = paragraph " " $0 }
    END {
        finish()
        if (print_all != "") printf "%d of %d sentences are long\n", long_count, all_sentences
        if (long_count > 0.03 * all_sentences) {
            print "too many sentences have more than 30 words:" long_sentences
            wrong = 1
        }
        exit wrong
    }' docs/index.md docs/install.md docs/first-hour.md docs/questions.md docs/tutorial/*.md \
    docs/how-to/*.md || { echo "write shorter sentences and words"; exit 1; }

wrong=0
for page in $(cd docs && find . -name '*.md' | sed 's|^\./||'); do
    grep -qE "[ :]$page\$" docs/site/nav.yml ||
        { echo "docs/site/nav.yml has no place for $page"; wrong=1; }
done
exit $wrong
