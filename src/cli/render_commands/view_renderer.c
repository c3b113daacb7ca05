// Draws the views of `imprint render`: the robot's camera, the map from above, the segmentation
// of the renderer, the classes that policies see, depth, a free camera, and a catalogue of all
// objects. Order of the steps in a view of the robot's camera: render, camera effects, overlays,
// undistortion. Overlays come after the effects, so that they stay sharp; they are projected
// with the distorted lens, so that undistortion keeps them aligned. A view creates only the
// renderers that it needs. Options that do not fit the view fail when the renderer is created,
// before anything is drawn.
#include "cli/render_commands/view_renderer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/suggestion.h"
#include "sim/render/views/ground_truth_labels.h"

// In the order of their names.
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

// The names are the values of --view.
static const char *const VIEW_NAMES[VIEW_COUNT] = {
    [DRIVER] = "camera", [MAP] = "top-down", [SEGMENT] = "segment",    [CLASSES] = "classes",
    [DEPTH] = "depth",   [FREE] = "free",    [CATALOGUE] = "catalogue"};

// Members that the view does not need are NULL.
struct imp_view_renderer {
    view_kind kind;
    bool lanes, boxes;
    imp_camera_def camera;
    const imp_world *world;
    const imp_scene *scene;
    imp_camera overlay_camera;
    imp_pose free_pose; // of the free camera
    imp_renderer *renderer;
    imp_segmentation_pass *segmentation_pass;
    imp_label_renderer *label_renderer;
    imp_undistorter *undistorter;
    imp_camera_effects *effects_renderer;
    imp_camera_effects_def camera_effects;
    double speed, turn_rate; // that were asked for; NAN: the frame's
    uint64_t seed;
    uint8_t *scratch, *segments;
    float *depths;
};

// The robot's camera without additions.
imp_image_options imp_default_image_options(void)
{
    return (imp_image_options){
        .view = "camera", .field_of_view_deg = 60.0, .draw = "", .camera_effects = ""};
}

// Options of the view; the camera's size and lens are options of the simulation.
void imp_image_options_add(imp_options *options, imp_image_options *p)
{
    const imp_option table[] = {
        {"view", 0, IMP_OPTION_TEXT, &p->view, "VIEW",
         "camera (the robot's), top-down (the map), segment (the class of each pixel), "
         "classes (the masks that policies see), depth (16-bit PNG in mm), free (--eye, "
         "--target), or catalogue (all objects)",
         IMP_SETTING},
        {"eye", 0, IMP_OPTION_POSE, p->eye, "X,Y,Z", "position of the free camera; y points up",
         IMP_SETTING},
        {"target", 0, IMP_OPTION_POSE, p->target, "X,Y,Z", "point at which the free camera looks",
         IMP_SETTING},
        {"fov", 0, IMP_OPTION_REAL, &p->field_of_view_deg, "DEG",
         "vertical field of view of the free camera", IMP_SETTING},
        // what is added to the image, and what is done to it
        {"overlay", 0, IMP_OPTION_TEXT, &p->draw, "LIST",
         "draw over the image: lanes, boxes, or lanes,boxes", IMP_SETTING},
        {"camera-effects", 0, IMP_OPTION_TEXT, &p->camera_effects, "LIST",
         "simulate effects of a real camera: motion=S, defocus=PX, exposure=STOPS, "
         "balance=-1..1, gamma=G, noise=0..1, shot=0..1, flicker=0..1, bands=N, jpeg=QUALITY; "
         "speed=M/S and turn=RAD/S set the motion",
         IMP_SETTING},
        {"undistort", 0, IMP_OPTION_FLAG, &p->undistort, NULL,
         "undistort the image, as a robot's software does", IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Values of --view.
static const char *view_name(int k)
{
    return k < VIEW_COUNT ? VIEW_NAMES[k] : NULL;
}

// Parses --view.
static imp_status parse_view(const char *name, view_kind *out, imp_error *err)
{
    int found = 0;
    if (strchr(name, ',') != NULL)
        return imp_fail(err, IMP_USAGE, "--view %s: only a --replay has several views", name);
    IMP_TRY(imp_name_lookup(&found, "--view: ", name, view_name, err));
    *out = (view_kind)found;
    return IMP_OK;
}

// Copies the next item of a comma-separated list; NULL at its end.
static const char *next_list_item(const char **list, char *item, size_t capacity)
{
    // an empty list, or its end
    if (**list == '\0')
        return NULL;
    const size_t length = strcspn(*list, ",");
    snprintf(item, capacity, "%.*s", (int)length, *list);
    *list += length + ((*list)[length] == ',');
    return item;
}

// Values of --overlay.
static const char *overlay_name(int k)
{
    static const char *const words[] = {"lanes", "boxes"};
    return k < 2 ? words[k] : NULL;
}

// Parses --overlay and checks that the view can have overlays.
static imp_status parse_overlays(imp_view_renderer *p, const char *list, imp_error *err)
{
    char item[64];
    while (next_list_item(&list, item, sizeof item) != NULL) {
        int found;
        IMP_TRY(imp_name_lookup(&found, "--overlay: ", item, overlay_name, err));
        // the two overlays can be combined
        *(found == 0 ? &p->lanes : &p->boxes) = true;
    }
    if ((p->lanes || p->boxes) && p->kind != DRIVER && p->kind != FREE && p->kind != SEGMENT &&
        p->kind != CLASSES)
        return imp_fail(err, IMP_USAGE, "--overlay needs --view camera, free, segment or classes");
    return IMP_OK;
}

// Names of --camera-effects; the last two replace the robot's motion.
enum { CAMERA_EFFECT_COUNT = 12 };
static const char *camera_effect_name(int k)
{
    static const char *const words[CAMERA_EFFECT_COUNT] = {
        "motion", "defocus", "exposure", "balance", "gamma", "noise",
        "shot",   "flicker", "bands",    "jpeg",    "speed", "turn"};
    return k < CAMERA_EFFECT_COUNT ? words[k] : NULL;
}

// Parses --camera-effects: NAME=NUMBER, separated by commas.
static imp_status parse_camera_effects(imp_view_renderer *p, const char *list, imp_error *err)
{
    imp_camera_effects_def *def = &p->camera_effects;
    // the quality is an integer, but all values are parsed as real numbers
    double quality = 0.0;
    // where each value goes, in the order of the names
    double *const values[CAMERA_EFFECT_COUNT] = {
        &def->motion_blur,   &def->defocus, &def->exposure,   &def->white_balance,
        &def->gamma,         &def->noise,   &def->shot_noise, &def->flicker,
        &def->flicker_bands, &quality,      &p->speed,        &p->turn_rate};
    char item[64];
    // split at "=", find the name, parse the number
    while (next_list_item(&list, item, sizeof item) != NULL) {
        char *equals = strchr(item, '='), *end = item;
        int found;
        if (equals != NULL)
            *equals = '\0';
        IMP_TRY(imp_name_lookup(&found, "--camera-effects: ", item, camera_effect_name, err));
        double *value = values[found];
        if (equals != NULL)
            *value = strtod(equals + 1, &end);
        if (equals == NULL || end == equals + 1 || *end != '\0' || !isfinite(*value))
            return imp_fail(err, IMP_USAGE, "--camera-effects: %s needs a number, as in %s=0.1",
                            item, item);
    }
    // ranges; the library checks all but the integer
    if (!(quality >= 0.0 && quality <= 100.0))
        return imp_fail(err, IMP_USAGE, "--camera-effects: jpeg must be within 0 to 100, not %g",
                        quality);
    def->jpeg_quality = (int)quality;
    imp_error why = {0};
    if (imp_camera_effects_check(def, &why) != IMP_OK)
        return imp_fail(err, IMP_USAGE, "--camera-effects: %s", why.message);
    return IMP_OK;
}

// Places the free camera. Its options are refused for other views.
static imp_status set_free_camera(imp_view_renderer *p, const imp_options *options,
                                  const imp_image_options *image, imp_error *err)
{
    const bool eye = imp_option_is_given(options, image->eye);
    const bool target = imp_option_is_given(options, image->target);
    if (p->kind != FREE)
        return eye || target ? imp_fail(err, IMP_USAGE, "--eye and --target need --view free")
                             : IMP_OK;
    if (!eye || !target)
        return imp_fail(err, IMP_USAGE, "--view free needs --eye X,Y,Z and --target X,Y,Z");
    // the library takes the angle in radians
    p->camera.field_of_view = image->field_of_view_deg * IMP_PI / 180.0;
    return imp_camera_look_at(&p->camera, &p->free_pose, image->eye, image->target, err);
}

// Undistortion needs a camera image and a lens with distortion.
static imp_status create_undistorter(imp_view_renderer *p, const imp_sim_options *sim,
                                     imp_error *err)
{
    imp_calibration calibration;
    if (p->kind != DRIVER || p->camera.lens.kind == IMP_LENS_NONE)
        return imp_fail(err, IMP_USAGE, "--undistort needs --view camera and a lens");
    IMP_TRY(imp_parse_lens_option(sim->lens, &calibration, err));
    return imp_undistorter_create(&p->undistorter, &calibration, p->camera.width, p->camera.height,
                                  err);
}

// Creates the renderers and buffers that the view needs.
static imp_status create_renderers(imp_view_renderer *p, const imp_image_options *image,
                                   const imp_sim_options *sim, imp_error *err)
{
    const size_t pixels = (size_t)p->camera.width * (size_t)p->camera.height;
    // views that show colours, as a camera does
    const bool look = p->kind == DRIVER || p->kind == FREE;
    IMP_TRY(imp_camera_init(&p->overlay_camera, &p->camera, err));
    p->scratch = malloc(pixels * 3);
    p->segments = malloc(pixels);
    p->depths = malloc(pixels * sizeof *p->depths);
    if (p->scratch == NULL || p->segments == NULL || p->depths == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the image");
    // one renderer per kind of image; lanes need depths, to be hidden by objects
    if (look)
        IMP_TRY(imp_renderer_create(&p->renderer, &p->camera, IMP_RENDER_AUTO, err));
    if (p->kind == SEGMENT || p->kind == DEPTH || p->lanes)
        IMP_TRY(imp_segmentation_pass_create(&p->segmentation_pass, &p->camera, err));
    if (p->kind == CLASSES)
        IMP_TRY(imp_label_renderer_create(&p->label_renderer, &p->camera, err));
    // effects and undistortion
    if (image->camera_effects[0] != '\0')
        IMP_TRY(look ? imp_camera_effects_create(&p->effects_renderer, &p->camera, err)
                     : imp_fail(err, IMP_USAGE, "--camera-effects needs --view camera or free"));
    if (image->undistort)
        IMP_TRY(create_undistorter(p, sim, err));
    return IMP_OK;
}

// Parses the options in the order in which they depend on each other.
imp_status imp_view_renderer_create(imp_view_renderer **out, const imp_options *options,
                                    const imp_image_options *image, const imp_sim_options *sim,
                                    const imp_camera_def *camera, const imp_scene *scene,
                                    const imp_world *world, imp_error *err)
{
    imp_view_renderer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the image");
    p->camera = *camera;
    p->scene = scene;
    p->world = world;
    // defaults: no effects, the frame's own motion
    p->camera_effects = imp_default_camera_effects_def();
    p->speed = p->turn_rate = NAN;
    p->seed = sim->def->env.seed;
    // the view decides which of the other options are allowed
    imp_status status = parse_view(image->view, &p->kind, err);
    if (status == IMP_OK)
        status = parse_overlays(p, image->draw, err);
    if (status == IMP_OK)
        status = parse_camera_effects(p, image->camera_effects, err);
    if (status == IMP_OK)
        status = set_free_camera(p, options, image, err);
    if (status == IMP_OK)
        status = create_renderers(p, image, sim, err);
    if (status != IMP_OK) {
        imp_view_renderer_destroy(p);
        return status;
    }
    *out = p;
    return IMP_OK;
}

// Accepts NULL and a renderer that was created in part.
void imp_view_renderer_destroy(imp_view_renderer *p)
{
    if (p == NULL)
        return;
    imp_renderer_destroy(p->renderer);
    imp_segmentation_pass_destroy(p->segmentation_pass);
    imp_label_renderer_destroy(p->label_renderer);
    imp_undistorter_destroy(p->undistorter);
    imp_camera_effects_destroy(p->effects_renderer);
    free(p->scratch);
    free(p->segments);
    free(p->depths);
    free(p);
}

// Other views fill the depths, too, but their image is the result.
const float *imp_view_renderer_get_depths(const imp_view_renderer *painter)
{
    return painter->kind == DEPTH ? painter->depths : NULL;
}

// The map from above with trajectory and robot.
static void draw_top_view(const imp_view_renderer *p, const imp_frame_state *frame, uint8_t *rgb)
{
    const int width = p->camera.width, height = p->camera.height;
    imp_render_top_down_view(p->scene, &frame->view, width, height, rgb);
    imp_draw_trajectory(p->world, width, height, frame->trail, frame->trail_count, rgb);
    imp_draw_robot(p->world, width, height, frame->view.pose, rgb);
}

// Colours segmentation by the palette, or depth by brightness: the nearer, the brighter.
static void colorize_segments_or_depth(const imp_view_renderer *p, uint8_t *rgb)
{
    // the buffers hold one class and one depth per pixel
    const size_t pixels = (size_t)p->camera.width * (size_t)p->camera.height;
    for (size_t k = 0; k < pixels; k++) {
        const float grey = 255.0f / (1.0f + p->depths[k]) + 0.5f;
        const uint8_t *colour = imp_semantic_class_colour(p->segments[k]);
        for (int c = 0; c < 3; c++)
            rgb[3 * k + (size_t)c] = p->kind == SEGMENT ? colour[c] : (uint8_t)grey;
    }
}

// Applies camera effects with noise that depends on the seed and the frame's number alone.
static void apply_camera_effects(const imp_view_renderer *p, const imp_frame_state *frame,
                                 uint8_t *rgb)
{
    imp_random random = imp_random_stream(p->seed, 0, frame->number, IMP_PURPOSE_CAMERA);
    imp_camera_effects_apply(p->effects_renderer, &p->camera_effects,
                             isnan(p->speed) ? frame->speed : p->speed,
                             isnan(p->turn_rate) ? frame->turn_rate : p->turn_rate, &random, rgb);
}

// Draws one frame.
imp_status imp_view_renderer_draw(imp_view_renderer *p, const imp_frame_state *frame, uint8_t *rgb,
                                  imp_error *err)
{
    imp_view view = frame->view;
    // views without the robot's camera
    if (p->kind == CATALOGUE)
        return imp_render_object_catalogue(imp_scene_get_def(p->scene), p->camera.width,
                                           p->camera.height, rgb, err);
    if (p->kind == MAP) {
        draw_top_view(p, frame, rgb);
        return IMP_OK;
    }
    if (p->kind == FREE)
        view.pose = p->free_pose;
    // undistortion cannot work in place
    uint8_t *image = p->undistorter != NULL ? p->scratch : rgb;
    if (p->segmentation_pass != NULL)
        imp_segmentation_pass_run(p->segmentation_pass, p->scene, &view, p->segments, p->depths);
    if (p->label_renderer != NULL)
        imp_label_renderer_render_rgb(p->label_renderer, p->scene, &view, image);
    else if (p->renderer != NULL)
        imp_render(p->renderer, p->scene, &view, image);
    else
        colorize_segments_or_depth(p, image);
    if (p->effects_renderer != NULL)
        apply_camera_effects(p, frame, image);
    // overlays
    if (p->lanes)
        imp_draw_lanes(&p->overlay_camera, p->world, view.pose, p->depths, image);
    if (p->boxes)
        imp_draw_bounding_boxes(&p->overlay_camera, p->world, &view, image);
    if (p->undistorter != NULL)
        imp_undistorter_apply(p->undistorter, image, rgb);
    return IMP_OK;
}
