// Tells kinds of files apart by their first bytes. Text is UTF-8 without control characters; its
// ending says whether it is YAML or JSON.
#include "base/kind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { PEEK = 512 };

const char *imp_kind_words(imp_kind kind)
{
    static const char *const words[] = {
#define IMP_KIND_WORDS(name, words) [IMP_KIND_##name] = (words),
        IMP_KIND_MAP(IMP_KIND_WORDS)
#undef IMP_KIND_WORDS
    };
    return kind >= 0 && kind < IMP_KIND_COUNT ? words[kind] : words[IMP_KIND_UNKNOWN];
}

// Bytes that a kind of file begins with, or has at a place.
static const struct {
    imp_kind kind;
    size_t place, length;
    const char *bytes;
} MAGIC[] = {
    {IMP_KIND_PNG, 0, 4, "\211PNG"},
    {IMP_KIND_JPEG, 0, 3, "\377\330\377"},
    {IMP_KIND_GIF, 0, 4, "GIF8"},
    {IMP_KIND_HDF5, 0, 4, "\211HDF"},
    {IMP_KIND_PDF, 0, 4, "%PDF"},
    {IMP_KIND_VIDEO, 4, 4, "ftyp"},
    {IMP_KIND_VIDEO, 0, 4, "\032E\337\243"},
    {IMP_KIND_VIDEO, 8, 4, "AVI "},
    {IMP_KIND_NUMPY, 0, 6, "\223NUMPY"},
    {IMP_KIND_ROSBAG, 0, 7, "#ROSBAG"},
    {IMP_KIND_SQLITE, 0, 6, "SQLite"},
    {IMP_KIND_GZIP, 0, 2, "\037\213"},
    {IMP_KIND_BZIP2, 0, 3, "BZh"},
    {IMP_KIND_ELF, 0, 4, "\177ELF"},
    {IMP_KIND_SVG, 0, 4, "<svg"},
    {IMP_KIND_SVG, 0, 5, "<?xml"},
    {IMP_KIND_HTML, 0, 5, "<html"},
    {IMP_KIND_HTML, 0, 9, "<!DOCTYPE"},
    {IMP_KIND_HTML, 0, 9, "<!doctype"},
};

static bool has(const unsigned char *bytes, size_t length, const char *word)
{
    const size_t wanted = strlen(word);
    for (size_t k = 0; k + wanted <= length; k++)
        if (memcmp(bytes + k, word, wanted) == 0)
            return true;
    return false;
}

// How many bytes continue a character of UTF-8 that begins so; -1 if none does.
static int continuation(unsigned char first)
{
    return first < 0x80                    ? 0
           : first >= 0xc2 && first < 0xe0 ? 1
           : first >= 0xe0 && first < 0xf0 ? 2
           : first >= 0xf0 && first < 0xf5 ? 3
                                           : -1;
}

// UTF-8 without control characters; the last character may be cut off.
static bool is_text(const unsigned char *bytes, size_t length)
{
    for (size_t k = 0; k < length; k++) {
        const bool control = bytes[k] < ' ' || bytes[k] == 0x7f;
        if (control && bytes[k] != '\n' && bytes[k] != '\t' && bytes[k] != '\r')
            return false;
        const int more = continuation(bytes[k]);
        if (more < 0)
            return false;
        for (int c = 0; c < more && k + 1 < length; c++)
            if ((bytes[++k] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

// The length of a JSON object, in 8 bytes of which the upper ones are 0, and its beginning.
static bool is_safetensors(const unsigned char *bytes, size_t length)
{
    return length > 9 && memcmp(bytes + 4, "\0\0\0\0", 4) == 0 && bytes[8] == '{' &&
           bytes[9] == '"';
}

// Protocol buffers: field 1 is a small version, field 2 or another of a model follows.
static bool is_onnx(const unsigned char *bytes, size_t length)
{
    enum { VERSION = 0x08, LATEST = 0x20, PRODUCER = 0x12, GRAPH = 0x3a, OPSET = 0x42 };
    return length > 4 && bytes[0] == VERSION && bytes[1] > 0 && bytes[1] < LATEST &&
           (bytes[2] == PRODUCER || bytes[2] == GRAPH || bytes[2] == OPSET);
}

imp_kind imp_kind_of(const char *path, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    length = length < PEEK ? length : PEEK;
    if (length == 0)
        return IMP_KIND_EMPTY;
    for (size_t k = 0; k < sizeof MAGIC / sizeof MAGIC[0]; k++)
        if (MAGIC[k].place + MAGIC[k].length <= length &&
            memcmp(bytes + MAGIC[k].place, MAGIC[k].bytes, MAGIC[k].length) == 0)
            return MAGIC[k].kind;
    if (length > 3 && memcmp(bytes, "PK\3\4", 4) == 0)
        return has(bytes, length, "data.pkl") ? IMP_KIND_PYTORCH : IMP_KIND_ZIP;
    if (length > 1 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return IMP_KIND_PICKLE;
    if (is_safetensors(bytes, length))
        return IMP_KIND_SAFETENSORS;
    if (is_onnx(bytes, length))
        return IMP_KIND_ONNX;
    if (!is_text(bytes, length))
        return IMP_KIND_UNKNOWN;
    return imp_path_is_yaml(path)         ? IMP_KIND_YAML
           : imp_path_ends(path, ".json") ? IMP_KIND_JSON
                                          : IMP_KIND_TEXT;
}

imp_status imp_kind_find(imp_kind *out, const char *path, imp_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? imp_fail(err, IMP_BAD_INPUT, "%s: no such file", path)
                   : imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode)) {
        *out = S_ISDIR(info.st_mode) ? IMP_KIND_FOLDER : IMP_KIND_SPECIAL;
        return IMP_OK;
    }
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    unsigned char bytes[PEEK];
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    const bool failed = ferror(file) != 0;
    const int reason = errno;
    fclose(file);
    if (failed)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(reason));
    *out = imp_kind_of(path, bytes, length);
    return IMP_OK;
}

static imp_status refuse(const char *path, imp_kind kind, const char *wanted, imp_error *err)
{
    return imp_fail(err, IMP_BAD_INPUT, "%s: is %s; %s", path, imp_kind_words(kind), wanted);
}

imp_status imp_kind_expect_text(const char *path, const char *wanted, imp_error *err)
{
    imp_kind kind;
    const imp_status status = imp_kind_find(&kind, path, err);
    if (status != IMP_OK)
        return status;
    // a pipe's bytes can be read only once; what is unknown may be text with an odd character
    const bool fits = kind == IMP_KIND_UNKNOWN || kind == IMP_KIND_SPECIAL ||
                      kind == IMP_KIND_EMPTY || kind == IMP_KIND_TEXT || kind == IMP_KIND_YAML ||
                      kind == IMP_KIND_JSON;
    return fits ? IMP_OK : refuse(path, kind, wanted, err);
}

imp_status imp_kind_expect(const char *path, imp_kind one, imp_kind other, const char *wanted,
                           imp_error *err)
{
    imp_kind kind;
    const imp_status status = imp_kind_find(&kind, path, err);
    if (status != IMP_OK)
        return status;
    const bool fits =
        kind == IMP_KIND_UNKNOWN || kind == IMP_KIND_SPECIAL || kind == one || kind == other;
    return fits ? IMP_OK : refuse(path, kind, wanted, err);
}

imp_status imp_kind_expect_folder(const char *path, const char *wanted, imp_error *err)
{
    imp_kind kind;
    struct stat info;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return imp_fail(err, IMP_BAD_INPUT, "%s: no such folder; %s", path, wanted);
    const imp_status status = imp_kind_find(&kind, path, err);
    if (status != IMP_OK)
        return status;
    if (kind != IMP_KIND_FOLDER)
        return refuse(path, kind, wanted, err);
    if (access(path, R_OK | X_OK) != 0)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    return IMP_OK;
}
