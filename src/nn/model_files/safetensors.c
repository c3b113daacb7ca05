// Reads and writes the safetensors format: 8 bytes of header length, a JSON header with dtype,
// shape and offsets of each array, then the data.
// The reader accepts only files whose arrays cover the data exactly, without gaps or overlaps, and
// whose values are finite. Lengths are checked before memory is allocated.
#include "nn/model_files/safetensors.h"

#include "base/io/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char METADATA[] = "__metadata__";
static const size_t MAX_HEADER = (size_t)1 << 20;
static const size_t MAX_FILE = (size_t)5 << 30; // the training state of the largest network

enum { LENGTH_BYTES = 8, MAX_RANK = 4 };

// Only floats are written.
static size_t array_bytes(const imp_named_array *array)
{
    size_t bytes = sizeof(float);
    for (int i = 0; i < array->rank; i++)
        bytes *= (size_t)array->dims[i];
    return bytes;
}

// The JSON header as text, padded with spaces to a multiple of 8 bytes, so that the arrays are
// aligned. The caller frees it.
static char *make_json_header(json_t *metadata, const imp_named_array *arrays, int count,
                              size_t *length)
{
    json_t *header = json_object();
    // at: offset in the data of the array to come
    size_t at = 0;
    bool whole = json_object_set(header, METADATA, metadata) == 0;
    // arrays follow each other in the given order
    for (int i = 0; i < count && whole; i++) {
        // dtype, shape and offsets of one array
        const size_t end = at + array_bytes(&arrays[i]);
        json_t *shape = json_array();
        for (int k = 0; k < arrays[i].rank; k++)
            whole &= json_array_append_new(shape, json_integer(arrays[i].dims[k])) == 0;
        json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                                  "data_offsets", (json_int_t)at, (json_int_t)end);
        whole &= json_object_set_new(header, arrays[i].name, entry) == 0;
        at = end;
    }
    // without spaces, as other writers do
    char *text = whole ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    if (text == NULL)
        return NULL;
    // pad to 8 bytes
    const size_t used = strlen(text);
    *length = (used + 7) / 8 * 8;
    char *padded = realloc(text, *length + 1);
    if (padded == NULL) {
        free(text);
        return NULL;
    }
    memset(padded + used, ' ', *length - used);
    return padded;
}

// Assembles the whole file in memory and writes it atomically.
imp_status imp_safetensors_write(const char *path, json_t *metadata, const imp_named_array *arrays,
                                 int count, imp_error *err)
{
    // the total is known before anything is allocated
    size_t header_length = 0, total = LENGTH_BYTES;
    char *header = make_json_header(metadata, arrays, count, &header_length);
    if (header == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for its header", path);
    total += header_length;
    // data of all arrays
    for (int i = 0; i < count; i++)
        total += array_bytes(&arrays[i]);
    char *bytes = malloc(total);
    if (bytes == NULL) {
        free(header);
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for %zu bytes", path, total);
    }
    // header length, little-endian
    for (int i = 0; i < LENGTH_BYTES; i++)
        bytes[i] = (char)(header_length >> (8 * i) & 0xff);
    memcpy(bytes + LENGTH_BYTES, header, header_length);
    size_t at = LENGTH_BYTES + header_length;
    for (int i = 0; i < count; i++) {
        memcpy(bytes + at, arrays[i].values, array_bytes(&arrays[i]));
        at += array_bytes(&arrays[i]);
    }
    const imp_status status = imp_file_write(path, bytes, total, err);
    free(bytes);
    free(header);
    return status;
}

// Position of an array in the data; used to check that all arrays cover it.
typedef struct byte_range {
    size_t begin, end;
} byte_range;

static int compare_byte_ranges(const void *a, const void *b)
{
    const byte_range *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return left->end < right->end ? -1 : left->end > right->end;
}

// Parses a whole number in [0, limit].
static bool parse_size(const json_t *value, size_t limit, size_t *out)
{
    // JSON integers are signed
    if (!json_is_integer(value))
        return false;
    const json_int_t number = json_integer_value(value);
    if (number < 0 || (unsigned long long)number > limit)
        return false;
    *out = (size_t)number;
    return true;
}

// Bytes per value of a dtype of the format; 0 if the dtype is unknown.
static size_t dtype_bytes(const char *type)
{
    static const struct {
        const char *name;
        size_t bytes;
    } types[] = {
        {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4},  {"I16", 2},
        {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0)
            return types[i].bytes;
    return 0;
}

// Returns what is wrong with an array's entry, or NULL.
static const char *check_array_entry(const json_t *entry, size_t data_length, byte_range *out)
{
    // an entry has exactly these three members
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (json_object_size(entry) != 3 || type == NULL || !json_is_array(shape) ||
        json_array_size(offsets) != 2)
        return "must have just dtype, shape and two data_offsets";
    // multiply the sides with a check for overflow
    size_t bytes = dtype_bytes(type);
    if (bytes == 0)
        return "is of a dtype that is not known (F32, F16, BF16 and F64 are read)";
    // the rank is limited before the sides are read
    if (json_array_size(shape) > MAX_RANK)
        return "has more than 4 dimensions";
    for (size_t i = 0; i < json_array_size(shape); i++) {
        size_t side = 0;
        if (!parse_size(json_array_get(shape, i), data_length, &side) ||
            (side != 0 && bytes > data_length / side))
            return "has a shape that does not fit the file";
        bytes *= side;
    }
    // the offsets must lie within the data and match the size
    if (!parse_size(json_array_get(offsets, 0), data_length, &out->begin) ||
        !parse_size(json_array_get(offsets, 1), data_length, &out->end) || out->begin > out->end)
        return "lies outside of the file";
    return out->end - out->begin == bytes ? NULL : "has more or fewer bytes than its shape says";
}

// All metadata must be strings.
static imp_status check_metadata(const imp_safetensors *file, imp_error *err)
{
    json_t *metadata = json_object_get(file->header, METADATA);
    const char *key;
    json_t *value;
    if (metadata != NULL && !json_is_object(metadata))
        return imp_fail(err, IMP_BAD_INPUT, "%s: its metadata is not an object", file->path);
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return imp_fail(
        err, IMP_BAD_INPUT, "%s: metadata \"%.40s\" is not a string", file->path, key);
    return IMP_OK;
}

// Checks every entry, and that the arrays cover the data without gap or overlap.
static imp_status check_header(const imp_safetensors *file, imp_error *err)
{
    imp_status status = check_metadata(file, err);
    if (status != IMP_OK)
        return status;
    const int count = imp_safetensors_array_count(file);
    byte_range *byte_ranges = calloc((size_t)count + 1, sizeof *byte_ranges);
    if (byte_ranges == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory", file->path);
    // check each entry and collect its range
    const char *key;
    // an index for each array, metadata not counted
    json_t *entry;
    int at = 0;
    json_object_foreach(file->header, key, entry)
    {
        if (strcmp(key, METADATA) == 0)
            continue;
        const char *wrong = check_array_entry(entry, file->data_length, &byte_ranges[at++]);
        if (wrong != NULL) {
            // the message shows the dtype, which is often the reason
            free(byte_ranges);
            const char *type = json_string_value(json_object_get(entry, "dtype"));
            return imp_fail(err, IMP_BAD_INPUT, "%s: array \"%.60s\" %s%s%.16s", file->path, key,
                            wrong, type != NULL ? "; its dtype is " : "", type != NULL ? type : "");
        }
    }
    // sorted by offset, each array must begin where the one before ends
    qsort(byte_ranges, (size_t)count, sizeof *byte_ranges, compare_byte_ranges);
    size_t reached = 0;
    bool filled = true;
    for (int i = 0; i < count && filled; i++) {
        filled = byte_ranges[i].begin == reached;
        reached = byte_ranges[i].end;
    }
    free(byte_ranges);
    if (!filled || reached != file->data_length)
        return imp_fail(err, IMP_BAD_INPUT, "%s: its arrays overlap or leave bytes unused",
                        file->path);
    return IMP_OK;
}

// Splits the file into header and data and checks both.
static imp_status parse_file(imp_safetensors *file, size_t length, imp_error *err)
{
    // the eight bytes of the length
    if (length < LENGTH_BYTES)
        return imp_fail(err, IMP_BAD_INPUT, "%s: too short for a safetensors file", file->path);
    uint64_t header_length = 0;
    for (int i = 0; i < LENGTH_BYTES; i++)
        header_length |= (uint64_t)(unsigned char)file->bytes[i] << (8 * i);
    // the header must lie within the file
    if (header_length > length - LENGTH_BYTES || header_length > MAX_HEADER)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: truncated, or not a safetensors file: its header would be %llu bytes "
                        "long",
                        file->path, (unsigned long long)header_length);
    json_error_t where;
    // jansson rejects duplicate keys
    errno = 0;
    file->header = json_loadb(file->bytes + LENGTH_BYTES, (size_t)header_length,
                              JSON_REJECT_DUPLICATES, &where);
    if (file->header == NULL && errno == ENOMEM)
        return imp_fail(err, IMP_NO_MEMORY, "%s: out of memory for its header", file->path);
    if (!json_is_object(file->header))
        return imp_fail(err, IMP_BAD_INPUT, "%s: its header is not a JSON object: %.120s",
                        file->path, file->header == NULL ? where.text : "something else");
    // everything after the header is data
    file->data = file->bytes + LENGTH_BYTES + header_length;
    file->data_length = length - LENGTH_BYTES - (size_t)header_length;
    return check_header(file, err);
}

// *out is only written on success.
imp_status imp_safetensors_parse(imp_safetensors *out, const char *path, char *bytes, size_t length,
                                 imp_error *err)
{
    imp_safetensors file = {.path = path, .bytes = bytes};
    const imp_status status = parse_file(&file, length, err);
    if (status != IMP_OK) {
        imp_safetensors_clear(&file);
        return status;
    }
    *out = file;
    return IMP_OK;
}

imp_status imp_safetensors_read(imp_safetensors *out, const char *path, imp_error *err)
{
    char *bytes;
    size_t length = 0;
    const imp_status status = imp_file_read(&bytes, &length, path, MAX_FILE, err);
    return status == IMP_OK ? imp_safetensors_parse(out, path, bytes, length, err) : status;
}

void imp_safetensors_clear(imp_safetensors *file)
{
    json_decref(file->header);
    free(file->bytes);
    *file = (imp_safetensors){NULL, NULL, NULL, NULL, 0};
}

// Messages of the key "format" add how other programs' weights are imported.
imp_status imp_safetensors_get_metadata(const imp_safetensors *file, const char *key,
                                        const char **out, imp_error *err)
{
    const char *text =
        json_string_value(json_object_get(json_object_get(file->header, METADATA), key));
    if (text == NULL)
        return imp_add_hint(
            err, strcmp(key, "format") == 0 ? IMP_HINT_IMPORT_WEIGHTS : IMP_HINT_NONE,
            imp_fail(err, IMP_BAD_INPUT, "%s: has no metadata \"%s\": imprint did not write it",
                     file->path, key));
    *out = text;
    return IMP_OK;
}

int imp_safetensors_array_count(const imp_safetensors *file)
{
    // metadata is the only entry that is not an array
    const int entries = (int)json_object_size(file->header);
    return json_object_get(file->header, METADATA) == NULL ? entries : entries - 1;
}

// Product of the sides; the shape was checked before.
static size_t array_value_count(const json_t *entry)
{
    const json_t *shape = json_object_get(entry, "shape");
    size_t count = 1;
    // an empty shape is a scalar
    for (size_t i = 0; i < json_array_size(shape); i++)
        count *= (size_t)json_integer_value(json_array_get(shape, i));
    return count;
}

size_t imp_safetensors_value_count(const imp_safetensors *file)
{
    const char *key;
    json_t *entry;
    size_t count = 0;
    json_object_foreach(file->header, key, entry) if (strcmp(key, METADATA) != 0) count +=
        array_value_count(entry);
    return count;
}

// Loads an unsigned number of up to 8 bytes.
static uint64_t load_little_endian(const char *at, size_t bytes)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < bytes; k++)
        bits |= (uint64_t)(unsigned char)at[k] << 8 * k;
    return bits;
}

static float float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// IEEE 754 half precision: 5 bits of exponent, 10 of mantissa.
static float half_to_float(uint32_t bits)
{
    // sign, exponent and mantissa of the half
    const uint32_t sign = (bits & 0x8000U) << 16, exponent = bits >> 10 & 31,
                   mantissa = bits & 1023;
    // infinity and NaN, normal numbers, subnormal numbers
    if (exponent == 31)
        return float_from_bits(sign | 0x7F800000U | mantissa << 13);
    if (exponent > 0)
        return float_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    return ldexpf(sign != 0 ? -(float)mantissa : (float)mantissa, -24);
}

static float double_to_float(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

// Converts values of any float dtype. Returns false for other dtypes.
static bool convert_to_float(float *out, const char *from, size_t count, const char *type)
{
    const size_t bytes = dtype_bytes(type);
    if (strcmp(type, "F32") == 0)
        memcpy(out, from, count * sizeof *out);
    else if (strcmp(type, "F16") == 0)
        for (size_t i = 0; i < count; i++)
            out[i] = half_to_float((uint32_t)load_little_endian(from + i * bytes, bytes));
    else if (strcmp(type, "BF16") == 0)
        for (size_t i = 0; i < count; i++)
            out[i] = float_from_bits((uint32_t)load_little_endian(from + i * bytes, bytes) << 16);
    else if (strcmp(type, "F64") == 0)
        for (size_t i = 0; i < count; i++)
            out[i] = double_to_float(load_little_endian(from + i * bytes, bytes));
    else
        return false;
    return true;
}

// A shape as text: "[32, 3, 5, 5]".
static void format_shape(char out[96], int rank, const int64_t *dims)
{
    size_t used = (size_t)snprintf(out, 96, "[");
    for (int i = 0; i < rank && used < 96; i++)
        used += (size_t)snprintf(out + used, 96 - used, "%s%lld", i > 0 ? ", " : "",
                                 (long long)dims[i]);
    if (used < 95)
        snprintf(out + used, 96 - used, "]");
}

// Compares an array's shape with the expected one; the message shows both.
static imp_status check_shape(const imp_safetensors *file, const char *name, const json_t *entry,
                              int rank, const int64_t *dims, imp_error *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    const int found_rank = (int)json_array_size(shape);
    // the rank was checked when the file was parsed
    int64_t found[MAX_RANK] = {0};
    for (int i = 0; i < found_rank; i++)
        found[i] = json_integer_value(json_array_get(shape, (size_t)i));
    if (found_rank == rank && memcmp(found, dims, (size_t)rank * sizeof *dims) == 0)
        return IMP_OK;
    // both shapes in the message
    char has[96], wants[96];
    format_shape(has, found_rank, found);
    format_shape(wants, rank, dims);
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s: array \"%s\" has another shape than the network's: %s, expected is %s",
                    file->path, name, has, wants);
}

// Names the first array that the file does have, which often shows the mistake.
static imp_status fail_missing_array(const imp_safetensors *file, const char *name, imp_error *err)
{
    const char *key, *first = NULL;
    json_t *entry;
    json_object_foreach(file->header, key, entry) if (first == NULL && strcmp(key, METADATA) != 0)
        first = key;
    return imp_fail(err, IMP_BAD_INPUT, "%s: has no array \"%s\"; %s%.60s%s", file->path, name,
                    first != NULL ? "it has \"" : "it has none", first != NULL ? first : "",
                    first != NULL ? "\", ..." : "");
}

// Finds the array, checks its shape, converts it, and checks its values.
imp_status imp_safetensors_copy_array(const imp_safetensors *file, const char *name, int rank,
                                      const int64_t *dims, float *out, imp_error *err)
{
    const json_t *entry = json_object_get(file->header, name);
    if (entry == NULL || strcmp(name, METADATA) == 0)
        return fail_missing_array(file, name, err);
    const imp_status status = check_shape(file, name, entry, rank, dims, err);
    if (status != IMP_OK)
        return status;
    // position and type of the array
    const json_t *begin = json_array_get(json_object_get(entry, "data_offsets"), 0);
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const size_t count = array_value_count(entry);
    if (!convert_to_float(out, file->data + json_integer_value(begin), count, type))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: array \"%s\" is of dtype %s: F32, F16, BF16 and F64 are read",
                        file->path, name, type);
    // infinite or NaN weights would make every output NaN
    for (size_t i = 0; i < count; i++)
        if (!isfinite(out[i]))
            return imp_fail(
                err, IMP_BAD_INPUT, "%s: array \"%s\" holds a value that is not %s", file->path,
                name, strcmp(type, "F64") == 0 ? "finite, or too large for 32 bits" : "finite");
    return IMP_OK;
}
