#include "cli/picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"
#include "base/words.h"
#include "pipeline/labeller.h"

typedef enum view_kind {
    DRIVER,
    MAP,
    SEGMENT,
    CLASSES,
    DEPTH,
    FREE,
    CATALOGUE,
    VIEW_COUNT
} view_kind;

static const char *const VIEWS[VIEW_COUNT] = {
    [DRIVER] = "driver", [MAP] = "map",   [SEGMENT] = "segment",    [CLASSES] = "classes",
    [DEPTH] = "depth",   [FREE] = "free", [CATALOGUE] = "catalogue"};

struct imp_painter {
    view_kind kind;
    bool lanes, boxes;
    imp_camera_def camera;
    const imp_world *world;
    const imp_scene *scene;
    imp_camera through;
    imp_pose stand; // of the free camera
    imp_renderer *renderer;
    imp_surveyor *surveyor;
    imp_labeller *labeller;
    imp_undistorter *undistorter;
    imp_degrader *degrader;
    imp_degrade_def degrade;
    double speed, turn_rate; // that were asked for; NAN: the frame's
    uint64_t seed;
    uint8_t *scratch, *segments;
    float *depths;
};

imp_picture_options imp_default_picture_options(void)
{
    return (imp_picture_options){
        .view = "driver", .field_of_view_deg = 60.0, .draw = "", .degrade = ""};
}

void imp_picture_options_add(imp_options *options, imp_picture_options *p)
{
    const imp_option table[] = {
        {"view", 0, IMP_OPTION_TEXT, &p->view, "VIEW",
         "driver, map (from above), segment (what each pixel shows), classes (the same as policies "
         "see it, --observe segments), depth (16-bit PNG in mm), "
         "free "
         "(--eye, --target), or catalogue (of objects)",
         IMP_SETTING},
        {"eye", 0, IMP_OPTION_POSE, p->eye, "X,Y,Z", "where the free camera is; y is up",
         IMP_SETTING},
        {"target", 0, IMP_OPTION_POSE, p->target, "X,Y,Z", "what the free camera looks at",
         IMP_SETTING},
        {"fov", 0, IMP_OPTION_REAL, &p->field_of_view_deg, "DEG",
         "vertical field of view of the free camera", IMP_SETTING},
        {"draw", 0, IMP_OPTION_TEXT, &p->draw, "LIST", "draws in lanes, boxes, or lanes,boxes",
         IMP_SETTING},
        {"degrade", 0, IMP_OPTION_TEXT, &p->degrade, "LIST",
         "what a real camera does: motion=S, defocus=PX, exposure=STOPS, balance=-1..1, gamma=G, "
         "noise=0..1, shot=0..1, flicker=0..1, bands=N, jpeg=QUALITY; speed=M/S and turn=RAD/S "
         "of the motion",
         IMP_SETTING},
        {"rectified", 0, IMP_OPTION_FLAG, &p->rectified, NULL,
         "straightens what the lens has bent, as a robot's software does", IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

static const char *view_word(int k)
{
    return k < VIEW_COUNT ? VIEWS[k] : NULL;
}

static imp_status find_view(const char *name, view_kind *out, imp_error *err)
{
    int found = 0;
    const imp_status status = imp_word_index(&found, "--view: ", name, view_word, err);
    *out = (view_kind)found;
    return status;
}

// The next item of a list with commas; NULL at its end.
static const char *next_item(const char **list, char *item, size_t capacity)
{
    if (**list == '\0')
        return NULL;
    const size_t length = strcspn(*list, ",");
    snprintf(item, capacity, "%.*s", (int)length, *list);
    *list += length + ((*list)[length] == ',');
    return item;
}

static const char *draw_word(int k)
{
    static const char *const words[] = {"lanes", "boxes"};
    return k < 2 ? words[k] : NULL;
}

static imp_status read_draw(imp_painter *p, const char *list, imp_error *err)
{
    char item[64];
    while (next_item(&list, item, sizeof item) != NULL) {
        int found;
        const imp_status status = imp_word_index(&found, "--draw: ", item, draw_word, err);
        if (status != IMP_OK)
            return status;
        *(found == 0 ? &p->lanes : &p->boxes) = true;
    }
    if ((p->lanes || p->boxes) && p->kind != DRIVER && p->kind != FREE && p->kind != SEGMENT &&
        p->kind != CLASSES)
        return imp_fail(err, IMP_USAGE,
                        "--draw draws into views driver, free, segment and classes");
    return IMP_OK;
}

enum { DEGRADE_COUNT = 12 };
static const char *degrade_word(int k)
{
    static const char *const words[DEGRADE_COUNT] = {"motion", "defocus", "exposure", "balance",
                                                     "gamma",  "noise",   "shot",     "flicker",
                                                     "bands",  "jpeg",    "speed",    "turn"};
    return k < DEGRADE_COUNT ? words[k] : NULL;
}

static imp_status read_degrade(imp_painter *p, const char *list, imp_error *err)
{
    imp_degrade_def *def = &p->degrade;
    double quality = 0.0;
    double *const values[DEGRADE_COUNT] = {
        &def->motion_blur,   &def->defocus, &def->exposure,   &def->white_balance,
        &def->gamma,         &def->noise,   &def->shot_noise, &def->flicker,
        &def->flicker_bands, &quality,      &p->speed,        &p->turn_rate};
    char item[64];
    while (next_item(&list, item, sizeof item) != NULL) {
        char *equals = strchr(item, '='), *end = item;
        int found;
        if (equals != NULL)
            *equals = '\0';
        const imp_status status = imp_word_index(&found, "--degrade: ", item, degrade_word, err);
        if (status != IMP_OK)
            return status;
        double *value = values[found];
        if (equals != NULL)
            *value = strtod(equals + 1, &end);
        if (equals == NULL || end == equals + 1 || *end != '\0' || !isfinite(*value))
            return imp_fail(err, IMP_USAGE, "--degrade: %s wants a number, as in %s=0.1", item,
                            item);
    }
    if (!(quality >= 0.0 && quality <= 100.0))
        return imp_fail(err, IMP_USAGE, "--degrade: jpeg lies within 0 to 100, not at %g", quality);
    def->jpeg_quality = (int)quality;
    imp_error why = {0};
    if (imp_degrade_check(def, &why) != IMP_OK)
        return imp_fail(err, IMP_USAGE, "--degrade: %s", why.message);
    return IMP_OK;
}

// Turns the camera of the views that have one of their own.
static imp_status set_camera(imp_painter *p, const imp_options *options,
                             const imp_picture_options *picture, imp_error *err)
{
    const bool eye = imp_options_given(options, picture->eye);
    const bool target = imp_options_given(options, picture->target);
    if (p->kind != FREE)
        return eye || target ? imp_fail(err, IMP_USAGE, "--eye and --target go with --view free")
                             : IMP_OK;
    if (!eye || !target)
        return imp_fail(err, IMP_USAGE, "--view free wants --eye X,Y,Z and --target X,Y,Z");
    p->camera.field_of_view = picture->field_of_view_deg * IMP_PI / 180.0;
    return imp_camera_look(&p->camera, &p->stand, picture->eye, picture->target, err);
}

static imp_status add_undistorter(imp_painter *p, const imp_sim_options *sim, imp_error *err)
{
    imp_calibration calibration;
    if (p->kind != DRIVER || p->camera.lens.kind == IMP_LENS_NONE)
        return imp_fail(err, IMP_USAGE, "--rectified goes with --view driver and a lens");
    imp_status status = imp_read_lens(sim->lens, &calibration, err);
    if (status != IMP_OK)
        return status;
    return imp_undistorter_create(&p->undistorter, &calibration, p->camera.width, p->camera.height,
                                  err);
}

// Creates what the view takes.
static imp_status equip(imp_painter *p, const imp_picture_options *picture,
                        const imp_sim_options *sim, imp_error *err)
{
    const size_t pixels = (size_t)p->camera.width * (size_t)p->camera.height;
    const bool look = p->kind == DRIVER || p->kind == FREE;
    imp_status status = imp_camera_init(&p->through, &p->camera, err);
    p->scratch = malloc(pixels * 3);
    p->segments = malloc(pixels);
    p->depths = malloc(pixels * sizeof *p->depths);
    if (status == IMP_OK && (p->scratch == NULL || p->segments == NULL || p->depths == NULL))
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for the picture");
    if (status == IMP_OK && look)
        status = imp_renderer_create(&p->renderer, &p->camera, IMP_RENDER_AUTO, err);
    if (status == IMP_OK && (p->kind == SEGMENT || p->kind == DEPTH || p->lanes))
        status = imp_surveyor_create(&p->surveyor, &p->camera, err);
    if (status == IMP_OK && p->kind == CLASSES)
        status = imp_labeller_create(&p->labeller, &p->camera, err);
    if (status == IMP_OK && picture->degrade[0] != '\0')
        status = look ? imp_degrader_create(&p->degrader, &p->camera, err)
                      : imp_fail(err, IMP_USAGE, "--degrade goes with views driver and free");
    if (status == IMP_OK && picture->rectified)
        status = add_undistorter(p, sim, err);
    return status;
}

imp_status imp_painter_open(imp_painter **out, const imp_options *options,
                            const imp_picture_options *picture, const imp_sim_options *sim,
                            const imp_camera_def *camera, const imp_scene *scene,
                            const imp_world *world, imp_error *err)
{
    imp_painter *p = calloc(1, sizeof *p);
    if (p == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the picture");
    p->camera = *camera;
    p->scene = scene;
    p->world = world;
    p->degrade = imp_default_degrade_def();
    p->speed = p->turn_rate = NAN;
    p->seed = sim->seed;
    imp_status status = find_view(picture->view, &p->kind, err);
    if (status == IMP_OK)
        status = read_draw(p, picture->draw, err);
    if (status == IMP_OK)
        status = read_degrade(p, picture->degrade, err);
    if (status == IMP_OK)
        status = set_camera(p, options, picture, err);
    if (status == IMP_OK)
        status = equip(p, picture, sim, err);
    if (status != IMP_OK) {
        imp_painter_close(p);
        return status;
    }
    *out = p;
    return IMP_OK;
}

void imp_painter_close(imp_painter *p)
{
    if (p == NULL)
        return;
    imp_renderer_destroy(p->renderer);
    imp_surveyor_destroy(p->surveyor);
    imp_labeller_destroy(p->labeller);
    imp_undistorter_destroy(p->undistorter);
    imp_degrader_destroy(p->degrader);
    free(p->scratch);
    free(p->segments);
    free(p->depths);
    free(p);
}

const float *imp_painter_depths(const imp_painter *painter)
{
    return painter->kind == DEPTH ? painter->depths : NULL;
}

static void draw_map(const imp_painter *p, const imp_picture_frame *frame, uint8_t *rgb)
{
    const int width = p->camera.width, height = p->camera.height;
    imp_render_view_from_above(p->scene, &frame->view, width, height, rgb);
    imp_draw_trail(p->world, width, height, frame->trail, frame->trail_count, rgb);
    imp_draw_robot(p->world, width, height, frame->view.pose, rgb);
}

// Turns what the surveyor found into a picture: the palette, or nearer is brighter.
static void show_survey(const imp_painter *p, uint8_t *rgb)
{
    const size_t pixels = (size_t)p->camera.width * (size_t)p->camera.height;
    for (size_t k = 0; k < pixels; k++) {
        const float grey = 255.0f / (1.0f + p->depths[k]) + 0.5f;
        const uint8_t *colour = imp_segment_colour(p->segments[k]);
        for (int c = 0; c < 3; c++)
            rgb[3 * k + (size_t)c] = p->kind == SEGMENT ? colour[c] : (uint8_t)grey;
    }
}

static void degrade(const imp_painter *p, const imp_picture_frame *frame, uint8_t *rgb)
{
    imp_random random = imp_random_stream(p->seed, 0, frame->number, IMP_PURPOSE_CAMERA);
    imp_degrade(p->degrader, &p->degrade, isnan(p->speed) ? frame->speed : p->speed,
                isnan(p->turn_rate) ? frame->turn_rate : p->turn_rate, &random, rgb);
}

imp_status imp_painter_draw(imp_painter *p, const imp_picture_frame *frame, uint8_t *rgb,
                            imp_error *err)
{
    imp_view view = frame->view;
    if (p->kind == CATALOGUE)
        return imp_render_catalogue(imp_scene_facts(p->scene), p->camera.width, p->camera.height,
                                    rgb, err);
    if (p->kind == MAP) {
        draw_map(p, frame, rgb);
        return IMP_OK;
    }
    if (p->kind == FREE)
        view.pose = p->stand;
    uint8_t *picture = p->undistorter != NULL ? p->scratch : rgb;
    if (p->surveyor != NULL)
        imp_survey(p->surveyor, p->scene, &view, p->segments, p->depths);
    if (p->labeller != NULL)
        imp_labeller_paint(p->labeller, p->scene, &view, picture);
    else if (p->renderer != NULL)
        imp_render(p->renderer, p->scene, &view, picture);
    else
        show_survey(p, picture);
    if (p->degrader != NULL)
        degrade(p, frame, picture);
    if (p->lanes)
        imp_draw_lanes(&p->through, p->world, view.pose, p->depths, picture);
    if (p->boxes)
        imp_draw_boxes(&p->through, p->world, &view, picture);
    if (p->undistorter != NULL)
        imp_undistort(p->undistorter, picture, rgb);
    return IMP_OK;
}
