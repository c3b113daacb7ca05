// base/io/file_type.h: detects file types by content, and reports files of the wrong type.
#ifndef IMP_BASE_IO_FILE_TYPE_H
#define IMP_BASE_IO_FILE_TYPE_H

#include "imprint/base.h"

// X(type, description with an article)
#define IMP_FILE_TYPE_MAP(X)                                                                       \
    X(UNKNOWN, "a file of an unknown kind")                                                        \
    X(FOLDER, "a folder")                                                                          \
    X(SPECIAL, "not a regular file")                                                               \
    X(EMPTY, "an empty file")                                                                      \
    X(TEXT, "a text file")                                                                         \
    X(YAML, "a YAML file")                                                                         \
    X(JSON, "a JSON file")                                                                         \
    X(PNG, "a PNG image")                                                                          \
    X(JPEG, "a JPEG image")                                                                        \
    X(GIF, "a GIF image")                                                                          \
    X(SVG, "an SVG image")                                                                         \
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

// With an article: "a PNG image".
const char *imp_file_type_description(imp_file_type kind);

// Detects the type of a file or folder. Fails with IMP_BAD_INPUT "PATH: no such file" if nothing is
// there, with IMP_IO if it cannot be read.
imp_status imp_file_type_detect(imp_file_type *out, const char *path, imp_error *err);

// The same for the first bytes of a file. Of the path, only the suffix is used.
imp_file_type imp_file_type_of_bytes(const char *path, const void *bytes, size_t length);

// Fails like imp_file_type_detect(), and with IMP_BAD_INPUT if the path is certainly not a text
// file. `wanted` completes the message, for example "a map is a YAML file".
imp_status imp_file_type_expect_text(const char *path, const char *wanted, imp_error *err);

// The same for a file of one of two types; pass the same type twice if there is only one.
// IMP_FILE_TYPE_UNKNOWN passes, because the file's reader gives a better message.
imp_status imp_file_type_expect(const char *path, imp_file_type one, imp_file_type other,
                                const char *wanted, imp_error *err);

// The same for a folder: "PATH: no such folder", or the type found instead.
imp_status imp_file_type_expect_folder(const char *path, const char *wanted, imp_error *err);

#endif
