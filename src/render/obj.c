#include "render/obj.h"

#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "render/obj_text.h"

// A file under way.
typedef struct reader {
    imp_obj obj;
    int position_room, uv_room, normal_room, facet_room, name_room;
    void *moved;      // array that was widened last
    int32_t material; // of the facets to come
    imp_lines lines;
    const char *name;
    imp_error *err;
} reader;

static imp_status fail(const reader *r, imp_span word, const char *what)
{
    char text[48];
    imp_span_copy(word, text, sizeof text);
    return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: '%s' %s", r->name, r->lines.number, text, what);
}

// An array with room for one item more; NULL without memory, and then it is what it was.
static void *widen(void *items, int count, int *room, size_t size)
{
    if (count < *room)
        return items;
    const int wider = *room > 0 ? 2 * *room : 64;
    void *moved = realloc(items, (size_t)wider * size);
    if (moved != NULL)
        *room = wider;
    return moved;
}

static imp_status no_memory(const reader *r)
{
    return imp_fail(r->err, IMP_NO_MEMORY, "no memory for the mesh %s", r->name);
}

// True if there is room for one item more in an array of the mesh.
#define HAS_ROOM(r, items, count, room)                                                            \
    ((r)->moved = widen((r)->obj.items, (r)->obj.count, &(r)->room, sizeof *(r)->obj.items),       \
     (r)->obj.items = (r)->moved != NULL ? (r)->moved : (r)->obj.items, (r)->moved != NULL)

// Reads the first numbers of a line; there may be more.
static imp_status read_reals(const reader *r, imp_span line, float *out, int count)
{
    for (int k = 0; k < count; k++) {
        imp_span word;
        if (!imp_span_word(&line, &word))
            return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: %s %s wanted here", r->name,
                            r->lines.number, IMP_COUNT(count, "number"), count == 1 ? "is" : "are");
        if (!imp_span_real(word, &out[k]))
            return fail(r, word, "is not a number within 1e6");
    }
    return IMP_OK;
}

// Reads an index, counted from 1, or backwards from -1, as one from 0.
static imp_status read_index(const reader *r, imp_span *word, int count, int32_t *out)
{
    const imp_span whole = *word;
    int32_t index;
    if (!imp_span_integer(word, &index))
        return fail(r, whole, "is no index");
    if (index == 0 || index > count || index < -count)
        return fail(r, whole, "points at nothing that stands above");
    *out = index > 0 ? index - 1 : count + index;
    return IMP_OK;
}

static bool skip_slash(imp_span *word)
{
    if (word->at == word->end || *word->at != '/')
        return false;
    word->at++;
    return true;
}

static imp_status read_corner(const reader *r, imp_span word, imp_obj_corner *out)
{
    const imp_span whole = word;
    *out = (imp_obj_corner){-1, -1, -1};
    imp_status status = read_index(r, &word, r->obj.position_count, &out->position);
    if (status == IMP_OK && skip_slash(&word)) {
        if (word.at < word.end && *word.at != '/')
            status = read_index(r, &word, r->obj.uv_count, &out->uv);
        if (status == IMP_OK && skip_slash(&word))
            status = read_index(r, &word, r->obj.normal_count, &out->normal);
    }
    if (status == IMP_OK && word.at != word.end)
        status = fail(r, whole, "is no corner of a face");
    return status;
}

static imp_status read_face(reader *r, imp_span line)
{
    imp_obj_corner first = {0}, last = {0}, corner;
    imp_span word;
    int count = 0;
    for (; imp_span_word(&line, &word); count++) {
        imp_status status = read_corner(r, word, &corner);
        if (status == IMP_OK && count >= 2) {
            if (!HAS_ROOM(r, facets, facet_count, facet_room))
                return no_memory(r);
            r->obj.facets[r->obj.facet_count++] =
                (imp_obj_facet){{first, last, corner}, r->material};
        }
        if (status != IMP_OK)
            return status;
        if (count == 0)
            first = corner;
        last = corner;
    }
    if (count < 3)
        return imp_fail(r->err, IMP_BAD_INPUT, "%s:%d: a face with %s", r->name, r->lines.number,
                        IMP_COUNT(count, "corner"));
    return IMP_OK;
}

// Finds the number of a material's name, or gives it one.
static imp_status use_material(reader *r, imp_span name)
{
    imp_obj_name wanted;
    imp_span_copy(name, wanted.text, sizeof wanted.text);
    for (int k = 0; k < r->obj.name_count; k++)
        if (strcmp(r->obj.names[k].text, wanted.text) == 0) {
            r->material = k;
            return IMP_OK;
        }
    if (r->obj.name_count == IMP_OBJ_NAMES_MAX)
        return fail(r, name, "is one material too many");
    if (!HAS_ROOM(r, names, name_count, name_room))
        return no_memory(r);
    r->material = r->obj.name_count;
    r->obj.names[r->obj.name_count++] = wanted;
    return IMP_OK;
}

static imp_status read_line(reader *r, imp_span line)
{
    imp_obj *obj = &r->obj;
    imp_span word;
    imp_span_word(&line, &word);
    if (imp_span_is(word, "v"))
        return HAS_ROOM(r, positions, position_count, position_room)
                   ? read_reals(r, line, obj->positions[obj->position_count++], 3)
                   : no_memory(r);
    if (imp_span_is(word, "vt"))
        return HAS_ROOM(r, uvs, uv_count, uv_room)
                   ? read_reals(r, line, obj->uvs[obj->uv_count++], 2)
                   : no_memory(r);
    if (imp_span_is(word, "vn"))
        return HAS_ROOM(r, normals, normal_count, normal_room)
                   ? read_reals(r, line, obj->normals[obj->normal_count++], 3)
                   : no_memory(r);
    if (imp_span_is(word, "f"))
        return read_face(r, line);
    line = imp_span_trim(line);
    if (imp_span_is(word, "usemtl"))
        return use_material(r, line);
    if (imp_span_is(word, "mtllib") && obj->material.text[0] == '\0')
        imp_span_copy(imp_span_file(line), obj->material.text, sizeof obj->material.text);
    return IMP_OK;
}

imp_status imp_obj_parse(imp_obj *out, const char *text, size_t length, const char *name,
                         imp_error *err)
{
    reader r = {.lines = {.rest = {text, text + length}}, .name = name, .err = err};
    imp_span line, nothing = {text, text};
    imp_status status = use_material(&r, nothing);
    while (status == IMP_OK && imp_lines_next(&r.lines, &line))
        status = read_line(&r, line);
    if (status == IMP_OK && r.obj.facet_count == 0)
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
    free(obj->facets);
    free(obj->names);
    *obj = (imp_obj){0};
}
