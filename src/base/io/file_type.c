// Detects file types by their first bytes (magic numbers). Text is UTF-8 without control
// characters; the path's suffix decides whether it is YAML or JSON.
#include "base/io/file_type.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"

enum { PEEK_BYTES = 512 };

// The texts come from the same list as the enumeration.
const char *imp_file_type_description(imp_file_type kind)
{
    static const char *const words[] = {
#define IMP_FILE_TYPE_DESCRIPTION(name, words) [IMP_FILE_TYPE_##name] = (words),
        IMP_FILE_TYPE_MAP(IMP_FILE_TYPE_DESCRIPTION)
#undef IMP_FILE_TYPE_DESCRIPTION
    };
    return kind >= 0 && kind < IMP_FILE_TYPE_COUNT ? words[kind] : words[IMP_FILE_TYPE_UNKNOWN];
}

// Magic numbers: the bytes that a file type has at an offset.
static const struct {
    imp_file_type kind;
    size_t place, length;
    const char *bytes;
} MAGIC[] = {
    {IMP_FILE_TYPE_PNG, 0, 4, "\211PNG"},
    {IMP_FILE_TYPE_JPEG, 0, 3, "\377\330\377"},
    {IMP_FILE_TYPE_GIF, 0, 4, "GIF8"},
    {IMP_FILE_TYPE_HDF5, 0, 4, "\211HDF"},
    {IMP_FILE_TYPE_PDF, 0, 4, "%PDF"},
    {IMP_FILE_TYPE_VIDEO, 4, 4, "ftyp"},
    {IMP_FILE_TYPE_VIDEO, 0, 4, "\032E\337\243"},
    {IMP_FILE_TYPE_VIDEO, 8, 4, "AVI "},
    {IMP_FILE_TYPE_NUMPY, 0, 6, "\223NUMPY"},
    {IMP_FILE_TYPE_ROSBAG, 0, 7, "#ROSBAG"},
    {IMP_FILE_TYPE_SQLITE, 0, 6, "SQLite"},
    {IMP_FILE_TYPE_GZIP, 0, 2, "\037\213"},
    {IMP_FILE_TYPE_BZIP2, 0, 3, "BZh"},
    {IMP_FILE_TYPE_ELF, 0, 4, "\177ELF"},
    {IMP_FILE_TYPE_SVG, 0, 4, "<svg"},
    {IMP_FILE_TYPE_SVG, 0, 5, "<?xml"},
    {IMP_FILE_TYPE_HTML, 0, 5, "<html"},
    {IMP_FILE_TYPE_HTML, 0, 9, "<!DOCTYPE"},
    {IMP_FILE_TYPE_HTML, 0, 9, "<!doctype"},
};

// Plain substring search that also works across 0 bytes.
static bool contains_text(const unsigned char *bytes, size_t length, const char *word)
{
    const size_t wanted = strlen(word);
    for (size_t k = 0; k + wanted <= length; k++)
        if (memcmp(bytes + k, word, wanted) == 0)
            return true;
    return false;
}

// Number of continuation bytes after the first byte of a UTF-8 character; -1 if no character starts
// with it.
static int utf8_continuation_bytes(unsigned char first)
{
    return first < 0x80                    ? 0
           : first >= 0xc2 && first < 0xe0 ? 1
           : first >= 0xe0 && first < 0xf0 ? 2
           : first >= 0xf0 && first < 0xf5 ? 3
                                           : -1;
}

// Whether bytes are UTF-8 without control characters. The last character may be cut off.
static bool is_utf8_text(const unsigned char *bytes, size_t length)
{
    for (size_t k = 0; k < length; k++) {
        const bool control = bytes[k] < ' ' || bytes[k] == 0x7f;
        if (control && bytes[k] != '\n' && bytes[k] != '\t' && bytes[k] != '\r')
            return false;
        // a continuation byte or an invalid first byte is not text
        const int more = utf8_continuation_bytes(bytes[k]);
        if (more < 0)
            return false;
        for (int c = 0; c < more && k + 1 < length; c++)
            if ((bytes[++k] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

// A safetensors file starts with the length of a JSON object in 8 bytes, of which the upper ones
// are 0, and then the object.
static bool is_safetensors(const unsigned char *bytes, size_t length)
{
    return length > 9 && memcmp(bytes + 4, "\0\0\0\0", 4) == 0 && bytes[8] == '{' &&
           bytes[9] == '"';
}

// A serialised ONNX ModelProto: field 1 is a small version number; producer, graph or opset
// follows.
static bool is_onnx(const unsigned char *bytes, size_t length)
{
    enum { VERSION = 0x08, LATEST = 0x20, PRODUCER = 0x12, GRAPH = 0x3a, OPSET = 0x42 };
    return length > 4 && bytes[0] == VERSION && bytes[1] > 0 && bytes[1] < LATEST &&
           (bytes[2] == PRODUCER || bytes[2] == GRAPH || bytes[2] == OPSET);
}

// Fixed magic numbers first, then types that need more than a comparison, then text.
imp_file_type imp_file_type_of_bytes(const char *path, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    length = length < PEEK_BYTES ? length : PEEK_BYTES;
    if (length == 0)
        return IMP_FILE_TYPE_EMPTY;
    for (size_t k = 0; k < sizeof MAGIC / sizeof MAGIC[0]; k++)
        if (MAGIC[k].place + MAGIC[k].length <= length &&
            memcmp(bytes + MAGIC[k].place, MAGIC[k].bytes, MAGIC[k].length) == 0)
            return MAGIC[k].kind;
    // a PyTorch checkpoint is a ZIP archive with a member data.pkl
    if (length > 3 && memcmp(bytes, "PK\3\4", 4) == 0)
        return contains_text(bytes, length, "data.pkl") ? IMP_FILE_TYPE_PYTORCH : IMP_FILE_TYPE_ZIP;
    // a pickle starts with the opcode PROTO and the protocol version
    if (length > 1 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return IMP_FILE_TYPE_PICKLE;
    if (is_safetensors(bytes, length))
        return IMP_FILE_TYPE_SAFETENSORS;
    if (is_onnx(bytes, length))
        return IMP_FILE_TYPE_ONNX;
    if (!is_utf8_text(bytes, length))
        return IMP_FILE_TYPE_UNKNOWN;
    return imp_path_is_yaml(path)               ? IMP_FILE_TYPE_YAML
           : imp_path_has_suffix(path, ".json") ? IMP_FILE_TYPE_JSON
                                                : IMP_FILE_TYPE_TEXT;
}

// stat() first: opening a pipe or device could block.
imp_status imp_file_type_detect(imp_file_type *out, const char *path, imp_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? imp_fail(err, IMP_BAD_INPUT, "%s: no such file", path)
                   : imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode)) {
        *out = S_ISDIR(info.st_mode) ? IMP_FILE_TYPE_FOLDER : IMP_FILE_TYPE_SPECIAL;
        return IMP_OK;
    }
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    // the first bytes decide; an empty file has none
    unsigned char bytes[PEEK_BYTES];
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    const bool failed = ferror(file) != 0;
    const int reason = errno;
    fclose(file);
    if (failed)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(reason));
    *out = imp_file_type_of_bytes(path, bytes, length);
    return IMP_OK;
}

// "PATH: is a PNG image; a map is a YAML file"
static imp_status fail_wrong_type(const char *path, imp_file_type kind, const char *wanted,
                                  imp_error *err)
{
    return imp_fail(err, IMP_BAD_INPUT, "%s: is %s; %s", path, imp_file_type_description(kind),
                    wanted);
}

// Only types that are certainly not text are rejected.
imp_status imp_file_type_expect_text(const char *path, const char *wanted, imp_error *err)
{
    imp_file_type kind;
    IMP_TRY(imp_file_type_detect(&kind, path, err));
    // A pipe's bytes can be read only once, so its type stays unknown. An unknown file may be text
    // with an odd character.
    const bool is_expected = kind == IMP_FILE_TYPE_UNKNOWN || kind == IMP_FILE_TYPE_SPECIAL ||
                             kind == IMP_FILE_TYPE_EMPTY || kind == IMP_FILE_TYPE_TEXT ||
                             kind == IMP_FILE_TYPE_YAML || kind == IMP_FILE_TYPE_JSON;
    return is_expected ? IMP_OK : fail_wrong_type(path, kind, wanted, err);
}

// Unknown and special files pass, see imp_file_type_expect_text().
imp_status imp_file_type_expect(const char *path, imp_file_type one, imp_file_type other,
                                const char *wanted, imp_error *err)
{
    imp_file_type kind;
    IMP_TRY(imp_file_type_detect(&kind, path, err));
    const bool is_expected = kind == IMP_FILE_TYPE_UNKNOWN || kind == IMP_FILE_TYPE_SPECIAL ||
                             kind == one || kind == other;
    return is_expected ? IMP_OK : fail_wrong_type(path, kind, wanted, err);
}

// Distinguishes a missing folder, a file in its place, and a folder that may not be read.
imp_status imp_file_type_expect_folder(const char *path, const char *wanted, imp_error *err)
{
    imp_file_type kind;
    struct stat info;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return imp_fail(err, IMP_BAD_INPUT, "%s: no such folder; %s", path, wanted);
    IMP_TRY(imp_file_type_detect(&kind, path, err));
    if (kind != IMP_FILE_TYPE_FOLDER)
        return fail_wrong_type(path, kind, wanted, err);
    if (access(path, R_OK | X_OK) != 0)
        return imp_fail(err, IMP_IO, "%s: cannot be read: %s", path, strerror(errno));
    return IMP_OK;
}
