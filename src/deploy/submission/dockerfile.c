// Reads the part of a Dockerfile that decides what an agent is started with: COPY lines that put
// files into a folder of the image, and one CMD or ENTRYPOINT as a JSON array, as in the
// Dockerfiles that imp_submission_create() writes. Every other way to say it is refused with the
// line. An argument that is the path of a copied file becomes the path of that file in the
// submission's folder.
#include "deploy/submission/dockerfile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/io/file.h"

enum { COPIES_MAX = 32, LINE_MAX_BYTES = 1024 };

typedef struct dockerfile_reader {
    const char *folder;
    imp_error *err;
    int line;
    int copy_count;
    struct {
        char name[128], image_path[256]; // in the submission's folder and in the image
    } copies[COPIES_MAX];
    char *out; // the command
    size_t capacity;
} dockerfile_reader;

#define fail_at_line(r, format, ...)                                                               \
    imp_fail((r)->err, IMP_CHECK_FAILED, "%s/Dockerfile:%d: " format, (r)->folder, (r)->line,      \
             __VA_ARGS__)

// COPY NAME... /FOLDER/
static imp_status parse_copy(dockerfile_reader *r, char *arguments)
{
    static const char SEPARATORS[] = " \t";
    char path[IMP_PATH_MAX], *rest = NULL;
    const char *last = strrchr(arguments, ' ');
    const char *image_folder = last != NULL ? last + 1 : "";
    if (image_folder[0] != '/' || image_folder[strlen(image_folder) - 1] != '/')
        return fail_at_line(r, "%s", "only `COPY NAME... /FOLDER/` can be checked");
    for (char *name = strtok_r(arguments, SEPARATORS, &rest); name != NULL && name < last;
         name = strtok_r(NULL, SEPARATORS, &rest)) {
        if (name[0] == '-' || name[0] == '.' || strpbrk(name, "*/[") != NULL)
            return fail_at_line(r, "only files of the folder can be copied, not %.60s", name);
        const imp_status status = imp_path_join(path, r->folder, name, r->err);
        if (status != IMP_OK)
            return status;
        if (!imp_path_exists(path))
            return fail_at_line(r, "copies %.60s, which is not there", name);
        if (r->copy_count == COPIES_MAX || strlen(name) >= sizeof r->copies[0].name ||
            strlen(name) + strlen(image_folder) >= sizeof r->copies[0].image_path)
            return fail_at_line(r, "more than %d files, or a name too long", COPIES_MAX);
        snprintf(r->copies[r->copy_count].name, sizeof r->copies[0].name, "%s", name);
        snprintf(r->copies[r->copy_count++].image_path, sizeof r->copies[0].image_path, "%s%s",
                 image_folder, name);
    }
    return IMP_OK;
}

// Adds a word between single quotes. What does not fit is found by the caller.
static void append_quoted(dockerfile_reader *r, const char *prefix, const char *word)
{
    size_t used = strlen(r->out);
    used += (size_t)snprintf(r->out + used, r->capacity - used, " '%s", prefix);
    for (; *word != '\0' && used + 6 < r->capacity; word++)
        used += (size_t)snprintf(r->out + used, r->capacity - used, "%s%c",
                                 *word == '\'' ? "'\\'" : "", *word);
    if (used + 2 < r->capacity)
        snprintf(r->out + used, r->capacity - used, "'");
}

// CMD or ENTRYPOINT, a JSON array of arguments.
static imp_status parse_start(dockerfile_reader *r, const char *arguments)
{
    if (r->out[0] != '\0')
        return fail_at_line(r, "%s", "only one CMD or ENTRYPOINT can be checked");
    json_t *words = json_loads(arguments, 0, NULL);
    if (!json_is_array(words) || json_array_size(words) == 0) {
        json_decref(words);
        return fail_at_line(r, "'%.60s' is not a JSON array of arguments, which CMD must be",
                            arguments);
    }
    snprintf(r->out, r->capacity, "cd");
    append_quoted(r, "", r->folder);
    snprintf(r->out + strlen(r->out), r->capacity - strlen(r->out), " && exec");
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
    return strlen(r->out) + 16 < r->capacity ? IMP_OK
                                             : fail_at_line(r, "%s", "the command is too long");
}

static imp_status parse_instruction(dockerfile_reader *r, char *line)
{
    const bool continues = line[0] != '\0' && line[strlen(line) - 1] == '\\';
    char *arguments = line + strcspn(line, " \t");
    if (*arguments != '\0')
        *arguments++ = '\0';
    arguments += strspn(arguments, " \t");
    const bool is_copy = strcasecmp(line, "COPY") == 0;
    const bool is_start = strcasecmp(line, "CMD") == 0 || strcasecmp(line, "ENTRYPOINT") == 0;
    if (strcasecmp(line, "WORKDIR") == 0 || strcasecmp(line, "ADD") == 0)
        return fail_at_line(r, "%s cannot be checked: use COPY and full paths", line);
    if (continues && (is_copy || is_start))
        return fail_at_line(r, "%s must be on one line to be checked", line);
    return is_copy ? parse_copy(r, arguments) : is_start ? parse_start(r, arguments) : IMP_OK;
}

imp_status imp_dockerfile_command(char *out, size_t capacity, const char *text, const char *folder,
                                  imp_error *err)
{
    dockerfile_reader r = {.folder = folder, .err = err, .out = out, .capacity = capacity};
    bool continued = false;
    imp_status status = IMP_OK;
    out[0] = '\0';
    while (*text != '\0' && status == IMP_OK) {
        char line[LINE_MAX_BYTES];
        const size_t count = strcspn(text, "\n");
        r.line++;
        if (count >= sizeof line)
            return fail_at_line(&r, "is longer than %d bytes", LINE_MAX_BYTES - 1);
        snprintf(line, sizeof line, "%.*s", (int)count, text);
        text += count + (text[count] == '\n');
        // a comment is passed over also between the lines of an instruction
        const char *begin = line + strspn(line, " \t");
        if (*begin == '#')
            continue;
        const bool skipped = continued;
        continued = count > 0 && line[count - 1] == '\\';
        if (!skipped)
            status = parse_instruction(&r, line + (begin - line));
    }
    if (status == IMP_OK && out[0] == '\0')
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: neither CMD nor ENTRYPOINT", folder);
    return status;
}
