// Parses Wavefront MTL files: names, diffuse colours (Kd) and diffuse textures (map_Kd) of
// materials. Statements apply to the last newmtl; all others are ignored. Values are checked here,
// so that users of the materials need not.
#include <stdlib.h>
#include <string.h>

#include "sim/render/assets/obj_parser.h"
#include "sim/render/assets/text_scanner.h"

// Adds a white material.
static imp_status add_material(imp_materials *all, imp_text_span line, const char *name, int number,
                               imp_error *err)
{
    if (all->count == IMP_OBJ_NAMES_MAX)
        return imp_fail(err, IMP_BAD_INPUT, "%s:%d: more than %d materials", name, number,
                        IMP_OBJ_NAMES_MAX);
    // the array doubles whenever the count is a power of two
    if ((all->count & (all->count - 1)) == 0) {
        const size_t room = all->count > 0 ? 2 * (size_t)all->count : 1;
        imp_material *wider = realloc(all->items, room * sizeof *wider);
        if (wider == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "no memory for the materials %s", name);
        all->items = wider;
    }
    // white until Kd says otherwise; names may contain blanks
    imp_material *added = &all->items[all->count++];
    *added = (imp_material){.colour = {1.0f, 1.0f, 1.0f}};
    imp_text_span_copy(imp_text_span_trim(line), added->name.text, sizeof added->name.text);
    return IMP_OK;
}

// Reads the three numbers of Kd, each within 0 to 1.
static imp_status parse_diffuse_colour(imp_material *material, imp_text_span line, const char *name,
                                       int number, imp_error *err)
{
    for (int k = 0; k < 3; k++) {
        imp_text_span word;
        if (!imp_text_span_next_word(&line, &word) ||
            !imp_text_span_parse_float(word, &material->colour[k]))
            return imp_fail(err, IMP_BAD_INPUT, "%s:%d: Kd needs three numbers", name, number);
        // NaN is rejected, too
        if (!(material->colour[k] >= 0.0f && material->colour[k] <= 1.0f))
            return imp_fail(err, IMP_BAD_INPUT, "%s:%d: a colour of %g is not within 0 to 1", name,
                            number, (double)material->colour[k]);
    }
    return IMP_OK;
}

// Reads the file name of map_Kd. With options, the name is the last word; without, it may contain
// blanks.
static void parse_texture_name(imp_material *material, imp_text_span line)
{
    imp_text_span word, texture = imp_text_span_trim(line);
    if (texture.at < texture.end && *texture.at == '-')
        while (imp_text_span_next_word(&line, &word))
            texture = word;
    imp_text_span_copy(imp_text_span_file_name(texture), material->texture.text,
                       sizeof material->texture.text);
}

imp_status imp_materials_parse(imp_materials *out, const char *text, size_t length,
                               const char *name, imp_error *err)
{
    imp_materials all = {0};
    imp_line_reader lines = {.rest = {text, text + length}};
    imp_status status = IMP_OK;
    imp_text_span line, word;
    while (status == IMP_OK && imp_line_reader_next(&lines, &line)) {
        imp_text_span_next_word(&line, &word);
        // the first word is the statement
        const bool colour = imp_text_span_equals(word, "Kd"),
                   texture = imp_text_span_equals(word, "map_Kd");
        // colours and textures belong to the last material
        if (imp_text_span_equals(word, "newmtl"))
            status = add_material(&all, line, name, lines.number, err);
        else if ((colour || texture) && all.count == 0)
            status = imp_fail(err, IMP_BAD_INPUT, "%s:%d: a colour before any newmtl", name,
                              lines.number);
        else if (colour)
            status = parse_diffuse_colour(&all.items[all.count - 1], line, name, lines.number, err);
        else if (texture)
            parse_texture_name(&all.items[all.count - 1], line);
    }
    if (status != IMP_OK) {
        imp_materials_free(&all);
        return status;
    }
    *out = all;
    return IMP_OK;
}

void imp_materials_free(imp_materials *materials)
{
    free(materials->items);
    *materials = (imp_materials){0};
}
