// Collects what an import reports: counted reasons for dropped images, and notes for the user. The
// summary is also stored in the dataset as JSON.
// Texts may contain names from files, so they are sanitised.
#include "data/import/import_summary.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Reasons are compared by text; the list is limited.
void imp_import_add_dropped(imp_import_summary *summary, const char *reason, int64_t count)
{
    if (count == 0)
        return;
    // known reasons are added up
    for (int k = 0; k < summary->reason_count; k++)
        if (strcmp(summary->dropped[k].reason, reason) == 0) {
            summary->dropped[k].count += count;
            return;
        }
    if (summary->reason_count == IMP_IMPORT_REASONS_MAX)
        return;
    summary->dropped[summary->reason_count].reason = reason;
    summary->dropped[summary->reason_count++].count = count;
}

// Names come from files with arbitrary content. Makes a text one line of valid UTF-8 without
// control characters.
static void sanitize_text(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    // json_string() fails on invalid UTF-8; then all non-ASCII bytes are replaced
    json_t *json = json_string(text);
    for (char *c = text; json == NULL && *c != '\0'; c++)
        if ((unsigned char)*c >= 128)
            *c = '?';
    json_decref(json);
}

// When the list is full, its last note says so.
void imp_import_add_note(imp_import_summary *summary, const char *format, ...)
{
    const int last = IMP_IMPORT_NOTES_MAX - 1;
    if (summary->note_count > last) {
        snprintf(summary->notes[last], sizeof summary->notes[last], "... and more");
        // the last place says that notes were lost
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(summary->notes[summary->note_count], sizeof summary->notes[0], format, arguments);
    va_end(arguments);
    sanitize_text(summary->notes[summary->note_count]);
    summary->note_count++;
}

// The reasons become keys, so their texts are part of the format.
char *imp_import_summary_json(const imp_import_summary *summary, const char *format)
{
    // keys and texts are UTF-8 by construction
    json_t *dropped = json_object(), *notes = json_array();
    int failed = 0;
    for (int k = 0; k < summary->reason_count; k++)
        failed |= json_object_set_new(dropped, summary->dropped[k].reason,
                                      json_integer(summary->dropped[k].count));
    for (int k = 0; k < summary->note_count; k++)
        failed |= json_array_append_new(notes, json_string(summary->notes[k]));
    json_t *all =
        json_pack("{s:s, s:I, s:I, s:f, s:o, s:o}", "format", format, "pictures",
                  (json_int_t)summary->images, "steps", (json_int_t)summary->steps, "command_age",
                  summary->command_age, "dropped", dropped, "notes", notes);
    char *text = all == NULL || failed != 0 ? NULL : json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}
