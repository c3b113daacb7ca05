#include "deploy/submission/dockerfile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/io/file.h"

enum { COPIES_MAX = 32, WORDS_MAX = 16, LINE_MAX_BYTES = 4096 };

// A file or folder that is copied into the image.
typedef struct copied_path {
    char from[256]; // in the submission's folder
    char to[512];   // in the image
} copied_path;

typedef struct image {
    const char *folder;
    char workdir[256];
    int copies;
    copied_path copy[COPIES_MAX];
    char start[2][LINE_MAX_BYTES]; // ENTRYPOINT's and CMD's arguments; "" if none
} image;

// A path in the image, relative ones from the working folder on. False if it is too long.
static bool resolve_image_path(const image *im, const char *path, char *out, size_t capacity)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    const bool whole = path[0] == '/';
    const int length = snprintf(out, capacity, "%s%s%s", whole ? "" : im->workdir, whole ? "" : "/",
                                strcmp(path, ".") == 0 ? "" : path);
    return length >= 0 && (size_t)length < capacity;
}

static imp_status fail_path_too_long(const image *im, const char *path, imp_error *err)
{
    return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: '%.60s...' is too long", im->folder,
                    path);
}

static imp_status add_copied_path(image *im, const char *from, const char *to, bool into,
                                  imp_error *err)
{
    char path[IMP_PATH_MAX];
    const imp_status status = imp_path_join(path, im->folder, from, err);
    if (status != IMP_OK)
        return status;
    if (!imp_path_exists(path))
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile copies %s, which is not there",
                        im->folder, from);
    if (im->copies == COPIES_MAX)
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile copies more than %d things",
                        im->folder, COPIES_MAX);
    copied_path *c = &im->copy[im->copies++];
    const char *slash = strrchr(from, '/');
    const char *name = slash != NULL ? slash + 1 : from;
    const bool whole = strcmp(from, ".") == 0;
    size_t length = strlen(to);
    while (length > 0 && to[length - 1] == '/')
        length--;
    snprintf(c->from, sizeof c->from, "%s", from);
    snprintf(c->to, sizeof c->to, "%.*s%s%s", (int)length, to, into && !whole ? "/" : "",
             into && !whole ? name : "");
    return IMP_OK;
}

// COPY [--flags] FROM... TO
static imp_status parse_copy(image *im, char *arguments, imp_error *err)
{
    char *words[WORDS_MAX], to[300], *rest = NULL;
    int count = 0;
    for (char *word = strtok_r(arguments, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest))
        if (count < WORDS_MAX && strncmp(word, "--", 2) != 0)
            words[count++] = word;
    if (count < 2)
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: COPY wants two paths or more",
                        im->folder);
    const char *last = words[count - 1];
    const bool into = count > 2 || last[strlen(last) - 1] == '/' || strcmp(last, ".") == 0;
    if (!resolve_image_path(im, last, to, sizeof to))
        return fail_path_too_long(im, last, err);
    imp_status status = IMP_OK;
    for (int k = 0; k < count - 1 && status == IMP_OK; k++)
        status = add_copied_path(im, words[k], to, into, err);
    return status;
}

static imp_status parse_instruction(image *im, char *line, imp_error *err)
{
    char *arguments = line + strcspn(line, " \t");
    if (*arguments != '\0')
        *arguments++ = '\0';
    arguments += strspn(arguments, " \t");
    if (strcasecmp(line, "WORKDIR") == 0) {
        char path[256];
        if (!resolve_image_path(im, arguments, path, sizeof path))
            return fail_path_too_long(im, arguments, err);
        memcpy(im->workdir, path, sizeof path);
    } else if (strcasecmp(line, "ENTRYPOINT") == 0) {
        snprintf(im->start[0], sizeof im->start[0], "%s", arguments);
        // a new entry point forgets the arguments of an old one
        im->start[1][0] = '\0';
    } else if (strcasecmp(line, "CMD") == 0) {
        snprintf(im->start[1], sizeof im->start[1], "%s", arguments);
    } else if (strcasecmp(line, "COPY") == 0) {
        return parse_copy(im, arguments, err);
    }
    return IMP_OK;
}

// The instructions, those over several lines put together.
static imp_status parse_dockerfile(image *im, const char *text, imp_error *err)
{
    char line[LINE_MAX_BYTES];
    size_t length = 0;
    imp_status status = IMP_OK;
    while (*text != '\0' && status == IMP_OK) {
        const size_t count = strcspn(text, "\n");
        const bool comment = text[strspn(text, " \t")] == '#';
        size_t used = comment ? 0 : count;
        const bool more = used > 0 && text[used - 1] == '\\';
        used -= more;
        if (used + length + 1 >= sizeof line)
            return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: a line is too long", im->folder);
        memcpy(line + length, text, used);
        length += used;
        line[length] = '\0';
        text += count + (text[count] == '\n');
        if (!more && !comment) {
            status = parse_instruction(im, line + strspn(line, " \t"), err);
            length = 0;
        }
    }
    return status;
}

static void append_text(char *out, size_t capacity, const char *text)
{
    const size_t length = strlen(out);
    snprintf(out + length, capacity - length, "%s", text);
}

// Adds a word between single quotes.
static void append_quoted(char *out, size_t capacity, const char *word)
{
    append_text(out, capacity, " '");
    for (; *word != '\0'; word++) {
        const char one[2] = {*word, '\0'};
        append_text(out, capacity, *word == '\'' ? "'\\''" : one);
    }
    append_text(out, capacity, "'");
}

// Adds an argument; one that is a path of something copied becomes the path where it lies here.
static void append_argument(const image *im, char *out, size_t capacity, const char *argument)
{
    char path[512], here[IMP_PATH_MAX];
    const bool fits = resolve_image_path(im, argument, path, sizeof path);
    for (int k = 0; k < im->copies && fits; k++) {
        const copied_path *c = &im->copy[k];
        const size_t length = strlen(c->to);
        if (strncmp(path, c->to, length) != 0 || (path[length] != '\0' && path[length] != '/'))
            continue;
        snprintf(here, sizeof here, "./%s%s", c->from, path + length);
        append_quoted(out, capacity, here);
        return;
    }
    append_quoted(out, capacity, argument);
}

// Adds what ENTRYPOINT or CMD says: a JSON array of arguments, or a shell's command as it is.
static imp_status append_start_command(const image *im, char *out, size_t capacity,
                                       const char *start, imp_error *err)
{
    if (start[0] != '[') {
        append_text(out, capacity, " ");
        append_text(out, capacity, start);
        return IMP_OK;
    }
    json_t *words = json_loads(start, 0, NULL);
    if (words == NULL)
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: '%.60s' is no JSON array",
                        im->folder, start);
    for (size_t k = 0; k < json_array_size(words); k++) {
        const char *word = json_string_value(json_array_get(words, k));
        append_argument(im, out, capacity, word != NULL ? word : "");
    }
    json_decref(words);
    return IMP_OK;
}

imp_status imp_dockerfile_command(char *out, size_t capacity, const char *text, const char *folder,
                                  imp_error *err)
{
    image im = {.folder = folder};
    imp_status status = parse_dockerfile(&im, text, err);
    if (status != IMP_OK)
        return status;
    if (im.start[0][0] == '\0' && im.start[1][0] == '\0')
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: neither CMD nor ENTRYPOINT", folder);
    snprintf(out, capacity, "cd");
    append_quoted(out, capacity, folder);
    append_text(out, capacity, " && exec");
    for (int k = 0; k < 2 && status == IMP_OK; k++)
        if (im.start[k][0] != '\0')
            status = append_start_command(&im, out, capacity, im.start[k], err);
    if (status == IMP_OK && strlen(out) == capacity - 1)
        return imp_fail(err, IMP_CHECK_FAILED, "%s/Dockerfile: the command is too long", folder);
    return status;
}
