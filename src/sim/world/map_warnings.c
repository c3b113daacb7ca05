// Warnings about maps that can be used nevertheless. They are collected in the world, at most
// IMP_MAP_WARNINGS_MAX of them and each text once; the last one says that more were omitted.
// Duplicates are dropped, because one mistake often repeats on many tiles.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text/suggestion.h"
#include "sim/world/map_reader.h"

static const char MORE_WARNINGS[] = "further warnings are omitted";

void imp_map_add_warning(imp_map_reader *reader, int line, const char *format, ...)
{
    imp_world *world = reader->world;
    if (world->warning_count == IMP_MAP_WARNINGS_MAX)
        return;
    // write into the next free slot; it counts only at the end
    // the last slot says that more was omitted
    imp_map_warning *warning = &world->warnings[world->warning_count];
    warning->line = line;
    if (world->warning_count == IMP_MAP_WARNINGS_MAX - 1) {
        snprintf(warning->text, sizeof warning->text, "%s", MORE_WARNINGS);
    } else {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(warning->text, sizeof warning->text, format, arguments);
        va_end(arguments);
        imp_yaml_sanitize_text(warning->text);
    }
    // each text is kept once
    for (int k = 0; k < world->warning_count; k++)
        if (strcmp(world->warnings[k].text, warning->text) == 0)
            return;
    world->warning_count++;
}

// Warns about one unknown key, with the most similar known one.
static void warn_unknown_key(imp_map_reader *reader, int line, const char *name,
                             const char *const *known)
{
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
    for (int k = 0; known[k] != NULL; k++)
        imp_suggestion_add_candidate(&suggestion, known[k]);
    imp_map_add_warning(reader, line, "unknown key '%.60s' is ignored%s", name,
                        imp_suggestion_format(&suggestion, hint));
}

void imp_map_warn_unknown_keys(imp_map_reader *reader, int map, const char *const *known)
{
    const imp_yaml *yaml = &reader->yaml;
    // bit k is set once known[k] was met; "<<" is YAML's merge key
    unsigned seen = 0;
    for (imp_yaml_pair pair = imp_yaml_first_pair(yaml, map); pair.key >= 0;
         pair = imp_yaml_next_pair(yaml, pair)) {
        const int key = imp_yaml_resolve(yaml, pair.key), line = imp_yaml_line(yaml, pair.key);
        const char *name = imp_yaml_scalar_text(yaml, key);
        int k = 0;
        while (name != NULL && known[k] != NULL && strcmp(known[k], name) != 0)
            k++;
        if (name == NULL)
            imp_map_add_warning(reader, line, "a key that is not a word is ignored");
        else if (known[k] != NULL && (seen >> k & 1U) != 0)
            imp_map_add_warning(reader, line, "'%.60s' is given twice: the last one counts", name);
        else if (known[k] != NULL)
            seen |= 1U << k;
        else if (strcmp(name, "<<") != 0)
            warn_unknown_key(reader, line, name, known);
    }
}
