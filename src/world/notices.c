// Remarks about a map that is used nevertheless.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "world/map_reader.h"

static const char MORE[] = "there is more to say about this map";

void imp_map_notice(imp_map_reader *reader, int line, const char *format, ...)
{
    imp_world *world = reader->world;
    if (world->notice_count == IMP_NOTICES_MAX)
        return;
    imp_notice *notice = &world->notices[world->notice_count];
    notice->line = line;
    if (world->notice_count == IMP_NOTICES_MAX - 1) {
        snprintf(notice->text, sizeof notice->text, "%s", MORE);
    } else {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(notice->text, sizeof notice->text, format, arguments);
        va_end(arguments);
        imp_yaml_clean(notice->text);
    }
    for (int k = 0; k < world->notice_count; k++)
        if (strcmp(world->notices[k].text, notice->text) == 0)
            return;
    world->notice_count++;
}

static void note_unknown(imp_map_reader *reader, int line, const char *name,
                         const char *const *known)
{
    char hint[IMP_GUESS_TEXT];
    imp_guess guess = imp_guess_of(name, strlen(name));
    for (int k = 0; known[k] != NULL; k++)
        imp_guess_offer(&guess, known[k]);
    imp_map_notice(reader, line, "unknown key '%.60s' is passed over%s", name,
                   imp_guess_tell(&guess, hint));
}

void imp_map_check_keys(imp_map_reader *reader, int map, const char *const *known)
{
    const imp_yaml *yaml = &reader->yaml;
    unsigned seen = 0;
    for (int at = imp_yaml_first(yaml, map); at >= 0;) {
        const int key = imp_yaml_at(yaml, at), line = imp_yaml_line(yaml, at);
        const char *name = imp_yaml_text(yaml, key);
        int k = 0;
        while (name != NULL && known[k] != NULL && strcmp(known[k], name) != 0)
            k++;
        if (name == NULL)
            imp_map_notice(reader, line, "a key that is not a word is passed over");
        else if (known[k] != NULL && (seen >> k & 1U) != 0)
            imp_map_notice(reader, line, "'%.60s' is given twice: the last one counts", name);
        else if (known[k] != NULL)
            seen |= 1U << k;
        else if (strcmp(name, "<<") != 0)
            note_unknown(reader, line, name, known);
        at = imp_yaml_next(yaml, imp_yaml_next(yaml, at));
    }
}
