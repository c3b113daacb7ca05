// Reads the part of a Dockerfile that decides what an agent is started with: COPY lines that put
// files into a folder of the image, and one CMD or ENTRYPOINT as a JSON array, as in the
// Dockerfiles that imp_submission_create() writes. Other
// forms are rejected with their line number. An argument that is the path of a copied file becomes
// the path of that file in the submission's folder.
#include "deploy/submission/dockerfile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/common/try.h"
#include "base/io/file.h"

enum { COPIES_MAX = 32, LINE_MAX_BYTES = 1024 };

typedef struct dockerfile_reader {
    // folder of the submission, as in error messages
    const char *folder;
    imp_error *err;
    // number of the current line, from 1
    int line;
    // files copied so far
    int copy_count;
    struct {
        char name[128], image_path[256]; // in the submission's folder, and in the image
    } copies[COPIES_MAX];
    char *out; // the resulting shell command
    size_t capacity;
} dockerfile_reader;

// Fails with the place in the Dockerfile. The format must be a literal.
#define fail_at_line(r, format, ...)                                                               \
    imp_fail((r)->err, IMP_CHECK_FAILED, "%s/Dockerfile:%d: " format, (r)->folder, (r)->line,      \
             __VA_ARGS__)

// Parses `COPY NAME... /FOLDER/` and records which file becomes which path in the image.
static imp_status parse_copy_instruction(dockerfile_reader *r, char *arguments)
{
    // The last word is the target: a folder with a full path.
    static const char SEPARATORS[] = " \t";
    char path[IMP_PATH_MAX], *rest = NULL;
    const char *last = strrchr(arguments, ' ');
    const char *image_folder = last != NULL ? last + 1 : "";
    // Relative folders depend on WORKDIR, which is not supported.
    if (image_folder[0] != '/' || image_folder[strlen(image_folder) - 1] != '/')
        return fail_at_line(r, "%s", "only `COPY NAME... /FOLDER/` is supported");
    // All words but the last are files of the submission's folder; each must exist there.
    for (char *name = strtok_r(arguments, SEPARATORS, &rest); name != NULL && name < last;
         name = strtok_r(NULL, SEPARATORS, &rest)) {
        // Options, paths outside the folder and patterns are not supported.
        if (name[0] == '-' || name[0] == '.' || strpbrk(name, "*/[") != NULL)
            return fail_at_line(r, "only files of the folder can be copied, not %.60s", name);
        IMP_TRY(imp_path_join(path, r->folder, name, r->err));
        if (!imp_path_exists(path))
            return fail_at_line(r, "copies %.60s, which does not exist", name);
        // The capacities are checked before anything is copied.
        if (r->copy_count == COPIES_MAX || strlen(name) >= sizeof r->copies[0].name ||
            strlen(name) + strlen(image_folder) >= sizeof r->copies[0].image_path)
            return fail_at_line(r, "more than %d files, or a name too long", COPIES_MAX);
        snprintf(r->copies[r->copy_count].name, sizeof r->copies[0].name, "%s", name);
        snprintf(r->copies[r->copy_count++].image_path, sizeof r->copies[0].image_path, "%s%s",
                 image_folder, name);
    }
    return IMP_OK;
}

// Appends a word in single quotes for the shell; a quote inside becomes '\''. The caller detects an
// overflow by the length of the result.
static void append_quoted(dockerfile_reader *r, const char *prefix, const char *word)
{
    // `prefix` is text that needs no quoting, such as "./".
    size_t used = strlen(r->out);
    used += (size_t)snprintf(r->out + used, r->capacity - used, " '%s", prefix);
    for (; *word != '\0' && used + 6 < r->capacity; word++)
        used += (size_t)snprintf(r->out + used, r->capacity - used, "%s%c",
                                 *word == '\'' ? "'\\'" : "", *word);
    if (used + 2 < r->capacity)
        snprintf(r->out + used, r->capacity - used, "'");
}

// Parses CMD or ENTRYPOINT, a JSON array of arguments, into `cd FOLDER && exec ARGUMENTS`.
static imp_status parse_cmd_or_entrypoint(dockerfile_reader *r, const char *arguments)
{
    // Docker uses the last of several commands; here a second one is an error.
    if (r->out[0] != '\0')
        return fail_at_line(r, "%s", "only one CMD or ENTRYPOINT is supported");
    json_t *words = json_loads(arguments, 0, NULL);
    if (!json_is_array(words) || json_array_size(words) == 0) {
        json_decref(words);
        return fail_at_line(r, "'%.60s' is not a JSON array of arguments, which CMD must be",
                            arguments);
    }
    // The agent starts in the submission's folder, where the files lie.
    snprintf(r->out, r->capacity, "cd");
    append_quoted(r, "", r->folder);
    snprintf(r->out + strlen(r->out), r->capacity - strlen(r->out), " && exec");
    // Replace a path in the image by the file that was copied there.
    for (size_t k = 0; k < json_array_size(words); k++) {
        const char *word = json_string_value(json_array_get(words, k)), *prefix = "";
        for (int c = 0; word != NULL && c < r->copy_count; c++)
            if (strcmp(word, r->copies[c].image_path) == 0) {
                prefix = "./";
                word = r->copies[c].name;
            }
        append_quoted(r, prefix, word != NULL ? word : "");
    }
    json_decref(words);
    // A result that nearly fills the buffer may be truncated.
    return strlen(r->out) + 16 < r->capacity ? IMP_OK
                                             : fail_at_line(r, "%s", "the command is too long");
}

// Parses one instruction. Others than COPY, CMD and ENTRYPOINT do not change the command and are
// ignored, except those that could change paths.
static imp_status parse_instruction(dockerfile_reader *r, char *line)
{
    const bool continues = line[0] != '\0' && line[strlen(line) - 1] == '\\';
    // Split the line into the instruction's name and its arguments.
    char *arguments = line + strcspn(line, " \t");
    if (*arguments != '\0')
        *arguments++ = '\0';
    arguments += strspn(arguments, " \t");
    const bool is_copy = strcasecmp(line, "COPY") == 0;
    const bool is_start = strcasecmp(line, "CMD") == 0 || strcasecmp(line, "ENTRYPOINT") == 0;
    // Both change what a path means, so ignoring them would run a wrong program.
    if (strcasecmp(line, "WORKDIR") == 0 || strcasecmp(line, "ADD") == 0)
        return fail_at_line(r, "%s is not supported: use COPY and full paths", line);
    if (continues && (is_copy || is_start))
        return fail_at_line(r, "%s must be on one line", line);
    return is_copy    ? parse_copy_instruction(r, arguments)
           : is_start ? parse_cmd_or_entrypoint(r, arguments)
                      : IMP_OK;
}

// Splits the text into lines and parses each that begins an instruction. Lines that continue one
// (after a backslash) are skipped: only RUN and similar may span lines.
imp_status imp_dockerfile_command(char *out, size_t capacity, const char *text, const char *folder,
                                  imp_error *err)
{
    dockerfile_reader r = {.folder = folder, .err = err, .out = out, .capacity = capacity};
    bool continued = false;
    out[0] = '\0';
    while (*text != '\0') {
        char line[LINE_MAX_BYTES];
        const size_t count = strcspn(text, "\n");
        r.line++;
        // A line that is too long is an error, because a truncated one could be misread.
        if (count >= sizeof line)
            return fail_at_line(&r, "is longer than %d bytes", LINE_MAX_BYTES - 1);
        snprintf(line, sizeof line, "%.*s", (int)count, text);
        text += count + (text[count] == '\n');
        // Comments are ignored, also between the lines of one instruction.
        const char *begin = line + strspn(line, " \t");
        if (*begin == '#')
            continue;
        const bool skipped = continued;
        continued = count > 0 && line[count - 1] == '\\';
        if (!skipped)
            IMP_TRY(parse_instruction(&r, line + (begin - line)));
    }
    if (out[0] == '\0')
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: neither CMD nor ENTRYPOINT", folder);
    return IMP_OK;
}
