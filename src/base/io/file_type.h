// base/io/file_type.h: what a file is, told by its content, and messages about files that are
// another.
#ifndef IMP_BASE_IO_FILE_TYPE_H
#define IMP_BASE_IO_FILE_TYPE_H

#include "imprint/base.h"

// X(kind, words for it)
#define IMP_FILE_TYPE_MAP(X)                                                                       \
    X(UNKNOWN, "a file of an unknown kind")                                                        \
    X(FOLDER, "a folder")                                                                          \
    X(SPECIAL, "not a regular file")                                                               \
    X(EMPTY, "an empty file")                                                                      \
    X(TEXT, "a text file")                                                                         \
    X(YAML, "a YAML file")                                                                         \
    X(JSON, "a JSON file")                                                                         \
    X(PNG, "a PNG picture")                                                                        \
    X(JPEG, "a JPEG picture")                                                                      \
    X(GIF, "a GIF picture")                                                                        \
    X(SVG, "an SVG picture")                                                                       \
    X(HTML, "an HTML page")                                                                        \
    X(PDF, "a PDF document")                                                                       \
    X(VIDEO, "a video")                                                                            \
    X(HDF5, "an HDF5 file")                                                                        \
    X(SAFETENSORS, "a safetensors file")                                                           \
    X(ONNX, "an ONNX model")                                                                       \
    X(PYTORCH, "a PyTorch checkpoint")                                                             \
    X(PICKLE, "a Python pickle")                                                                   \
    X(NUMPY, "a NumPy array")                                                                      \
    X(ROSBAG, "a ROS 1 bag")                                                                       \
    X(SQLITE, "an SQLite database (as ROS 2 bags are)")                                            \
    X(ZIP, "a ZIP archive")                                                                        \
    X(GZIP, "a gzip archive")                                                                      \
    X(BZIP2, "a bzip2 archive")                                                                    \
    X(ELF, "a program")

typedef enum imp_file_type {
#define IMP_FILE_TYPE_ENUM(name, words) IMP_FILE_TYPE_##name,
    IMP_FILE_TYPE_MAP(IMP_FILE_TYPE_ENUM)
#undef IMP_FILE_TYPE_ENUM
        IMP_FILE_TYPE_COUNT
} imp_file_type;

// With an article: "a PNG picture".
const char *imp_file_type_description(imp_file_type kind);

// What a path leads to. IMP_BAD_INPUT "PATH: no such file" if that is nothing, IMP_IO if it may not
// be read.
imp_status imp_file_type_detect(imp_file_type *out, const char *path, imp_error *err);

// The same of bytes that a file begins with; of the path the ending matters alone.
imp_file_type imp_file_type_of_bytes(const char *path, const void *bytes, size_t length);

// Fails like imp_file_type_detect(), and with IMP_BAD_INPUT if a path leads to something that is
// certainly not text; `wanted` says what belongs there, such as "a map is a YAML file".
imp_status imp_file_type_expect_text(const char *path, const char *wanted, imp_error *err);

// The same where a file of one of two kinds is wanted, which its first bytes tell. (Twice the same
// kind if there is only one.) IMP_FILE_TYPE_UNKNOWN passes: its reader knows better what is wrong.
imp_status imp_file_type_expect(const char *path, imp_file_type one, imp_file_type other,
                                const char *wanted, imp_error *err);

// The same where a folder is wanted: "PATH: no such folder", or what it is instead.
imp_status imp_file_type_expect_folder(const char *path, const char *wanted, imp_error *err);

#endif
