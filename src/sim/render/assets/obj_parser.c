// Parses Wavefront OBJ files. It reads positions, texture coordinates, normals and faces, and
// checks all indices, so that users of the mesh need not. Arrays grow geometrically; as each item
// needs some text, memory is proportional to the text's length. Hostile files can therefore not
// cause reads out of bounds or excessive memory use.
#include "sim/render/assets/obj_parser.h"

#include <stdlib.h>
#include <string.h>

#include "base/text/plural.h"
#include "sim/render/assets/text_scanner.h"

// State of parsing a file.
typedef struct obj_reader {
    imp_obj obj;
    int position_capacity, uv_capacity, normal_capacity, triangle_capacity, name_capacity;
    void *moved;      // result of the last reallocation
    int32_t material; // material of the next faces
    imp_line_reader lines;
    const char *name;
    imp_error *err;
} obj_reader;

// Fails with a message about a word of the present line.
static imp_status fail_at_word(const obj_reader *r, imp_text_span word, const char *what)
{
    char text[48];
    imp_text_span_copy(word, text, sizeof text);
    return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: '%s' %s", r->name, r->lines.number, text, what);
}

// Returns the array with room for one more item; NULL without memory, and the array is then
// unchanged.
static void *grow_array(void *items, int count, int *room, size_t size)
{
    // doubling keeps the total time linear
    if (count < *room)
        return items;
    const int wider = *room > 0 ? 2 * *room : 64;
    void *moved = realloc(items, (size_t)wider * size);
    if (moved != NULL)
        *room = wider;
    return moved;
}

// Fails without memory.
static imp_status fail_no_memory(const obj_reader *r)
{
    return imp_fail(r->err, IMP_NO_MEMORY, "no memory for the mesh %s", r->name);
}

// Makes room for one more item in an array of the mesh; false without memory.
#define RESERVE_ITEM(r, items, count, room)                                                        \
    ((r)->moved = grow_array((r)->obj.items, (r)->obj.count, &(r)->room, sizeof *(r)->obj.items),  \
     (r)->obj.items = (r)->moved != NULL ? (r)->moved : (r)->obj.items, (r)->moved != NULL)

// Reads the first `count` numbers of a line; more are ignored.
static imp_status parse_floats(const obj_reader *r, imp_text_span line, float *out, int count)
{
    for (int k = 0; k < count; k++) {
        imp_text_span word;
        if (!imp_text_span_next_word(&line, &word))
            return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: %s %s needed here", r->name,
                            r->lines.number, IMP_PLURAL(count, "number"),
                            count == 1 ? "is" : "are");
        if (!imp_text_span_parse_float(word, &out[k]))
            return fail_at_word(r, word, "is not a number within 1e6");
    }
    return IMP_OK;
}

// Converts an index (from 1, or backwards from -1) to one from 0, and checks its range.
static imp_status parse_index(const obj_reader *r, imp_text_span *word, int count, int32_t *out)
{
    // keep the word for the message
    const imp_text_span whole = *word;
    int32_t index;
    if (!imp_text_span_parse_int(word, &index))
        return fail_at_word(r, whole, "is not an index");
    // indices refer to items above this line
    if (index == 0 || index > count || index < -count)
        return fail_at_word(r, whole, "refers to nothing above");
    *out = index > 0 ? index - 1 : count + index;
    return IMP_OK;
}

// Skips a slash, if there is one.
static bool skip_slash(imp_text_span *word)
{
    if (word->at == word->end || *word->at != '/')
        return false;
    word->at++;
    return true;
}

// Reads a corner: v, v/t, v//n or v/t/n.
static imp_status parse_face_corner(const obj_reader *r, imp_text_span word, imp_obj_corner *out)
{
    const imp_text_span whole = word;
    *out = (imp_obj_corner){-1, -1, -1};
    imp_status status = parse_index(r, &word, r->obj.position_count, &out->position);
    // the texture coordinate may be empty: v//n
    if (status == IMP_OK && skip_slash(&word)) {
        if (word.at < word.end && *word.at != '/')
            status = parse_index(r, &word, r->obj.uv_count, &out->uv);
        if (status == IMP_OK && skip_slash(&word))
            status = parse_index(r, &word, r->obj.normal_count, &out->normal);
    }
    if (status == IMP_OK && word.at != word.end)
        status = fail_at_word(r, whole, "is not a corner of a face");
    return status;
}

// Reads a polygon as a fan of triangles around its first corner.
static imp_status parse_face(obj_reader *r, imp_text_span line)
{
    imp_obj_corner first = {0}, last = {0}, corner;
    imp_text_span word;
    int count = 0;
    for (; imp_text_span_next_word(&line, &word); count++) {
        imp_status status = parse_face_corner(r, word, &corner);
        // each corner from the third on adds a triangle
        if (status == IMP_OK && count >= 2) {
            if (!RESERVE_ITEM(r, triangles, triangle_count, triangle_capacity))
                return fail_no_memory(r);
            r->obj.triangles[r->obj.triangle_count++] =
                (imp_obj_triangle){{first, last, corner}, r->material};
        }
        if (status != IMP_OK)
            return status;
        if (count == 0)
            first = corner;
        last = corner;
    }
    if (count < 3)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: a face with %s", r->name, r->lines.number,
                        IMP_PLURAL(count, "corner"));
    return IMP_OK;
}

// Selects a material by name; a new name is added.
static imp_status select_or_add_material(obj_reader *r, imp_text_span name)
{
    // long names are compared truncated, as they are stored
    imp_obj_name wanted;
    imp_text_span_copy(name, wanted.text, sizeof wanted.text);
    for (int k = 0; k < r->obj.name_count; k++)
        if (strcmp(r->obj.names[k].text, wanted.text) == 0) {
            r->material = k;
            return IMP_OK;
        }
    if (r->obj.name_count == IMP_OBJ_NAMES_MAX)
        return fail_at_word(r, name, "exceeds the number of materials");
    if (!RESERVE_ITEM(r, names, name_count, name_capacity))
        return fail_no_memory(r);
    r->material = r->obj.name_count;
    r->obj.names[r->obj.name_count++] = wanted;
    return IMP_OK;
}

// Reads one statement; unknown ones are ignored.
static imp_status parse_line(obj_reader *r, imp_text_span line)
{
    imp_obj *obj = &r->obj;
    imp_text_span word;
    imp_text_span_next_word(&line, &word);
    // numbers: make room for an item, then read it
    if (imp_text_span_equals(word, "v"))
        return RESERVE_ITEM(r, positions, position_count, position_capacity)
                   ? parse_floats(r, line, obj->positions[obj->position_count++], 3)
                   : fail_no_memory(r);
    if (imp_text_span_equals(word, "vt"))
        return RESERVE_ITEM(r, uvs, uv_count, uv_capacity)
                   ? parse_floats(r, line, obj->uvs[obj->uv_count++], 2)
                   : fail_no_memory(r);
    if (imp_text_span_equals(word, "vn"))
        return RESERVE_ITEM(r, normals, normal_count, normal_capacity)
                   ? parse_floats(r, line, obj->normals[obj->normal_count++], 3)
                   : fail_no_memory(r);
    // faces, and the materials that they use
    if (imp_text_span_equals(word, "f"))
        return parse_face(r, line);
    // names of materials and files may contain blanks
    line = imp_text_span_trim(line);
    if (imp_text_span_equals(word, "usemtl"))
        return select_or_add_material(r, line);
    if (imp_text_span_equals(word, "mtllib") && obj->material.text[0] == '\0')
        imp_text_span_copy(imp_text_span_file_name(line), obj->material.text,
                           sizeof obj->material.text);
    return IMP_OK;
}

imp_status imp_obj_parse(imp_obj *out, const char *text, size_t length, const char *name,
                         imp_error *err)
{
    // the material "" is for faces before any usemtl
    obj_reader r = {.lines = {.rest = {text, text + length}}, .name = name, .err = err};
    imp_text_span line, nothing = {text, text};
    imp_status status = select_or_add_material(&r, nothing);
    while (status == IMP_OK && imp_line_reader_next(&r.lines, &line))
        status = parse_line(&r, line);
    if (status == IMP_OK && r.obj.triangle_count == 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s: a mesh without faces", name);
    if (status != IMP_OK) {
        imp_obj_free(&r.obj);
        return status;
    }
    *out = r.obj;
    return IMP_OK;
}

void imp_obj_free(imp_obj *obj)
{
    free(obj->positions);
    free(obj->uvs);
    free(obj->normals);
    free(obj->triangles);
    free(obj->names);
    *obj = (imp_obj){0};
}
