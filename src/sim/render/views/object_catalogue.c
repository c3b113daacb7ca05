// Draws every kind of object once, in a grid. Each cell is a small world of its own with one
// object, scaled to a common size and rendered by the ordinary renderer, so the catalogue shows
// what images show. Used to inspect models and assets. The first error ends the drawing.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "imprint/render.h"

enum { COLUMNS = 6, ROWS = 5 };

// The content of a cell: a kind, and which of its variants.
typedef struct catalogue_entry {
    const char *kind, *color;
    int pattern; // of a traffic light
} catalogue_entry;

static const catalogue_entry ENTRIES[] = {
    {"duckie", NULL, 0},       {"duckiebot", "red", 0},   {"duckiebot", "green", 0},
    {"duckiebot", "blue", 0},  {"duckiebot", "grey", 0},  {"cone", NULL, 0},
    {"barrier", NULL, 0},      {"bus", NULL, 0},          {"truck", NULL, 0},
    {"building", NULL, 0},     {"house", NULL, 0},        {"tree", NULL, 0},
    {"trafficlight", NULL, 0}, {"trafficlight", NULL, 1}, {"checkerboard", NULL, 0},
};
enum { ENTRY_COUNT = sizeof ENTRIES / sizeof ENTRIES[0] };

// Radius that all objects are scaled to, and position of the camera [m].
static const double ENTRY_RADIUS = 0.15, CAMERA_DISTANCE = 0.55, CAMERA_HEIGHT = 0.3;

// Builds the world of a cell as map text; signs follow the other entries.
static imp_status build_entry_world(imp_world **world, int cell, imp_error *err)
{
    // a field of asphalt, without lanes
    static const char FIELD[] = "tile_size: 1\ntiles:\n"
                                "- [asphalt, asphalt, asphalt, asphalt]\n"
                                "- [asphalt, asphalt, asphalt, asphalt]\n"
                                "- [asphalt, asphalt, asphalt, asphalt]\n";
    // kind and colour of the cell
    const bool sign = cell >= ENTRY_COUNT;
    const char *kind =
        sign ? imp_sign_name((imp_sign)(cell - ENTRY_COUNT + 1)) : ENTRIES[cell].kind;
    const char *color = sign ? NULL : ENTRIES[cell].color;
    const imp_object_class *extents = imp_object_class_get(IMP_OBJECT_SIGN);
    for (int k = 0; !sign && k < IMP_OBJECT_KIND_COUNT; k++)
        if (strcmp(imp_object_class_get((imp_object_kind)k)->name, kind) == 0)
            extents = imp_object_class_get((imp_object_kind)k);
    // scale by the diagonal of the object's extents
    const double half = 0.5 * imp_hypot(imp_hypot(extents->max_x - extents->min_x, extents->height),
                                        extents->max_z - extents->min_z);
    char text[512];
    const int length =
        snprintf(text, sizeof text,
                 "%sobjects:\n- {kind: %s, pos: [1.5, 1.5], rotate: %d, scale: %.9f%s%s}\n", FIELD,
                 kind, sign ? 165 : 145, ENTRY_RADIUS / half, color != NULL ? ", color: " : "",
                 color != NULL ? color : "");
    return imp_world_parse(world, text, (size_t)length, "catalogue", err);
}

// A camera in front of an object of this height [m], which looks at its middle and frames it.
static imp_camera_def make_entry_camera(int width, int height, double high)
{
    // look at the object's middle; the field of view fits its radius with a margin
    const double down = CAMERA_HEIGHT - 0.5 * high;
    imp_camera_def def = imp_default_camera_def();
    def.width = width;
    def.height = height;
    def.mount_forward = 0.0;
    def.mount_height = CAMERA_HEIGHT;
    def.pitch = imp_atan2(down, CAMERA_DISTANCE);
    def.field_of_view = 2.0 * imp_atan2(1.15 * ENTRY_RADIUS, imp_hypot(CAMERA_DISTANCE, down));
    def.lens = imp_lens_none();
    return def;
}

// Renders the world of a cell; the state selects a traffic light's pattern.
static imp_status draw_entry_world(const imp_scene_def *def, const imp_world *world, int pattern,
                                   int width, int height, uint8_t *rgb, imp_error *err)
{
    const imp_object *object = &world->objects[0];
    const imp_camera_def camera = make_entry_camera(
        width, height, object->scale * imp_object_class_get(object->kind)->height);
    // moving objects need a state, which also holds a traffic light's pattern
    const imp_object_state state = {
        .position = object->position, .heading = object->heading, .pattern = pattern};
    imp_view view = imp_default_view();
    view.pose = (imp_pose){object->position.x - CAMERA_DISTANCE, object->position.z, 0.0};
    view.moving = object->moving >= 0 ? &state : NULL;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_status status = imp_scene_create_with_def(&scene, world, def, err);
    if (status != IMP_OK)
        return status;
    status = imp_renderer_create(&renderer, &camera, IMP_RENDER_AUTO, err);
    if (status == IMP_OK) {
        imp_render(renderer, scene, &view, rgb);
        imp_renderer_destroy(renderer);
    }
    imp_scene_destroy(scene);
    return status;
}

// Builds, renders and frees the world of a cell.
static imp_status draw_catalogue_cell(const imp_scene_def *def, int cell, int width, int height,
                                      uint8_t *rgb, imp_error *err)
{
    imp_world *world;
    imp_status status = build_entry_world(&world, cell, err);
    if (status != IMP_OK)
        return status;
    const int pattern = cell < ENTRY_COUNT ? ENTRIES[cell].pattern : 0;
    status = draw_entry_world(def, world, pattern, width, height, rgb, err);
    imp_world_destroy(world);
    return status;
}

imp_status imp_render_object_catalogue(const imp_scene_def *def, int width, int height,
                                       uint8_t *rgb, imp_error *err)
{
    // the grid must have a cell for every entry and sign
    static_assert((int)ENTRY_COUNT + (int)IMP_SIGN_COUNT - 1 == COLUMNS * ROWS, "a cell each");
    if (width < COLUMNS || height < ROWS)
        return imp_fail(err, IMP_USAGE, "a catalogue has at least %d x %d pixels, not %d x %d",
                        COLUMNS, ROWS, width, height);
    // render each cell to a buffer and copy it into the grid; the margin stays white
    const int wide = width / COLUMNS, high = height / ROWS;
    uint8_t *image = malloc((size_t)wide * (size_t)high * 3);
    if (image == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for a catalogue");
    imp_status status = IMP_OK;
    memset(rgb, 255, (size_t)width * (size_t)height * 3);
    for (int cell = 0; status == IMP_OK && cell < COLUMNS * ROWS; cell++) {
        status = draw_catalogue_cell(def, cell, wide, high, image, err);
        const int left = cell % COLUMNS * wide, top = cell / COLUMNS * high;
        for (int row = 0; status == IMP_OK && row < high; row++)
            memcpy(rgb + ((size_t)(top + row) * (size_t)width + (size_t)left) * 3,
                   image + (size_t)row * (size_t)wide * 3, (size_t)wide * 3);
    }
    free(image);
    return status;
}
