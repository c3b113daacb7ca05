/// imprint/render.h: software rendering of a world, from a camera and a pose to pixels, on the CPU.
/// A scene is constant and may be shared by threads. A renderer holds tables and scratch memory;
/// each thread needs its own. Equal inputs give equal bytes with any number of threads.
#ifndef IMPRINT_RENDER_H
#define IMPRINT_RENDER_H

#include "imprint/robot.h"
#include "imprint/world.h"

IMP_API_BEGIN

/// Textures, layout and meshes of a world. Constant after creation and shared by threads.
typedef struct imp_scene imp_scene;

/// Builds the scene of a world with default appearance. The world must outlive it. Free with
/// imp_scene_destroy(). Fails with IMP_BAD_INPUT if the map has more than 8192 tiles on a side, and
/// with IMP_NO_MEMORY.
imp_status imp_scene_create(imp_scene **out, const imp_world *world, imp_error *err);
void imp_scene_destroy(imp_scene *scene); ///< nullable

/// Tile textures and object meshes of a folder. Constant after opening, shared by threads and
/// scenes.
typedef struct imp_assets imp_assets;

/// Opens an asset folder, laid out like duckietown-world's data/gd1
/// (textures/tiles-processed/STYLE/ KIND/texture.jpg, meshes/KIND/KIND.obj) or like older versions
/// of gym-duckietown (textures/KIND_1.png, meshes/KIND.obj). `style` applies to the first layout:
/// "photos", "synthetic", "synthetic-F" or "smooth". Missing assets are replaced by our own
/// drawings. Free with imp_assets_close(). Fails with IMP_BAD_INPUT and the file's name if a file
/// is invalid, or if no texture has the style.
imp_status imp_assets_open(imp_assets **out, const char *folder, const char *style, imp_error *err);
void imp_assets_close(imp_assets *assets); ///< nullable

/// Warnings about missing assets, one line each. The strings belong to the assets.
int imp_assets_warning_count(const imp_assets *assets);
const char *imp_assets_warning(const imp_assets *assets, int index);

/// Appearance of a scene. Obtain with imp_default_scene_def(), then change fields.
typedef struct imp_scene_def {
    const imp_assets *assets; ///< must outlive the scene; NULL: procedural textures and meshes
    uint64_t seed;            ///< chooses each tile's texture variant; 0: the first for all
    /// Number of texture variants per kind of tile that a view can choose from
    /// (imp_view.tile_variant), up to IMP_TILE_VARIANTS_MAX. 0: one, or with a seed all that the
    /// assets have.
    int variants;
    /// Strength of wear in all variants but the first (or but the assets' own), 0..1: colour and
    /// width of lines, faded and chipped paint, dirt, seams between tiles, other floors. Derived
    /// from the seed. 0: no wear and no additional variants.
    float wear;
    /// Strength of what people do differently when they lay tape, 0..1, in all variants but the
    /// first: straight pieces in curves, yellow lines off the middle and of other widths, sides of
    /// different white, dark red stop lines. Derived from the seed, beside the wear. 0: none.
    float tape;
    /// Finest mip levels to skip, 0..4; each skipped level leaves a quarter of the memory; 0.
    /// Images of 80 x 60 hardly use the finest level.
    int finest;
    /// Seed of a room around the map, drawn by imp_room_generate() with IMP_ROOM_OFFICE; 0: none.
    /// Views with a room of their own replace it.
    uint64_t room;
} imp_scene_def;

enum { IMP_TILE_VARIANTS_MAX = 32 };

imp_scene_def imp_default_scene_def(void);

/// Like imp_scene_create(), with a definition.
imp_status imp_scene_create_with_def(imp_scene **out, const imp_world *world,
                                     const imp_scene_def *def, imp_error *err);
/// Creates the scenes of `count` worlds (at least 1) with one definition. They share textures, so
/// many cost little more time and memory than one. Because of the sharing, they must not be
/// destroyed on two threads at once. out receives `count` scenes, or none after a failure.
imp_status imp_scene_create_many(imp_scene **out, const imp_world *const *worlds, int count,
                                 const imp_scene_def *def, imp_error *err);
/// The definition that a scene was created with; it belongs to the scene.
const imp_scene_def *imp_scene_get_def(const imp_scene *scene);

/// Number of texture variants of a kind of tile in a scene; at least 1.
int imp_scene_variant_count(const imp_scene *scene, imp_tile_kind kind);

enum { IMP_DISTRACTORS_MAX = 32 };

/// A random triangle on the ground outside the tiles, as distraction.
typedef struct imp_distractor {
    imp_vec2 corner[3]; ///< [m]
    float colour[3];    ///< 0..1 RGB
} imp_distractor;

/// Generates random grey triangles (count <= IMP_DISTRACTORS_MAX) with corners within 20 m of the
/// origin, as gym-duckietown does, which uses 12.
void imp_distractors_generate(imp_distractor *out, int count, imp_random *random);

/// A panorama above the horizon, in all directions.
enum { IMP_HORIZON_WIDTH = 256, IMP_HORIZON_HEIGHT = 64 };
typedef struct imp_horizon {
    /// Texels as bytes red, green, blue, red lowest. Rows go up from the horizon to a slope of 1.5,
    /// columns counter-clockwise from heading 0.
    uint32_t texels[IMP_HORIZON_HEIGHT][IMP_HORIZON_WIDTH];
} imp_horizon;

/// Generates a random panorama around a colour (0..1): noise, gradients and shapes.
void imp_horizon_generate(imp_horizon *out, const float colour[3], imp_random *random);

enum { IMP_CLUTTER_MAX = 64, IMP_GLARES_MAX = 4, IMP_LED_COUNT = 5 };

/// A box on the ground, as distraction.
typedef struct imp_clutter {
    imp_vec2 position; ///< of its centre [m]
    double heading;    ///< [rad]
    float size[3];     ///< along its heading, upwards, across [m]
    float colour[3];   ///< 0..1 RGB
} imp_clutter;

/// A lamp or window that the ground reflects.
typedef struct imp_glare {
    double at[3];   ///< (x, y, z) [m]
    float strength; ///< share that is added to the ground's colour, 0..1
    float size;     ///< half its angular size [rad], 0.01..1
} imp_glare;

/// Kinds of room around a map.
typedef enum imp_room_kind {
    IMP_ROOM_NONE,   ///< nothing is drawn
    IMP_ROOM_OFFICE, ///< light walls 0.6 to 3 m away, windows, furniture
    IMP_ROOM_LAB,    ///< walls 0.3 to 1.2 m away, full of shelves and boards
    IMP_ROOM_HALL,   ///< walls 3 to 9 m away, lamps under a high ceiling, people
    IMP_ROOM_KIND_COUNT
} imp_room_kind;

/// Shapes that rooms are made of.
typedef enum imp_room_shape {
    IMP_ROOM_PANEL, ///< an upright rectangle, seen from ahead only
    IMP_ROOM_FLAT,  ///< a rectangle on the floor, seen from above only
    IMP_ROOM_BOX,   ///< a box on its base
    IMP_ROOM_BALL,  ///< an ellipsoid about its centre
    IMP_ROOM_SHAPE_COUNT
} imp_room_shape;

enum { IMP_ROOM_PARTS_MAX = 512, IMP_ROOM_DUCKIES_MAX = 16, IMP_ROOM_POSTERS_MAX = 40 };

/// A part of a room.
typedef struct imp_room_part {
    imp_room_shape shape;
    bool duckie;        ///< belongs to a duckie; other parts are background
    float at[3];        ///< (x, y, z) of the middle of its base, or of a ball's centre [m]
    float cosine, sine; ///< of its heading
    float size[3];      ///< along its heading, upwards, across; of balls the radii [m]
    float colour[3];    ///< 0..1 RGB
    bool glows;         ///< has its full colour in any light
} imp_room_part;

/// What surrounds a map. It is only seen: nothing in it is solid.
typedef struct imp_room {
    float floor[3];   ///< colour of the ground outside the tiles
    float ceiling[3]; ///< colour above the walls
    bool bare;        ///< tiles without a road show the floor
    int part_count;
    imp_room_part parts[IMP_ROOM_PARTS_MAX]; ///< walls first
} imp_room;

/// Generates a room around a world. At `night` its windows are dark and most lamps are off.
/// IMP_ROOM_NONE gives no parts. Allocates nothing.
void imp_room_generate(imp_room *out, const imp_world *world, imp_room_kind kind, bool night,
                       imp_random *random);
/// Adds up to `count` duckies beside the outer lines of the road, or on them.
void imp_room_add_duckies(imp_room *room, const imp_world *world, int count, imp_random *random);
/// Adds up to `count` posters, striped blinds and cables to the walls, within reach of a robot's
/// eyes; none without walls.
void imp_room_add_posters(imp_room *room, int count, imp_random *random);
/// Multiplies the colours of walls, ceiling and furniture by a factor; not those of the floor.
void imp_room_scale_colours(imp_room *room, float factor);

/// What differs between images of a scene. The pointers are borrowed during a call. Obtain with
/// imp_default_view(), then change fields.
typedef struct imp_view {
    imp_pose pose;   ///< of the robot that carries the camera
    float sky[3];    ///< 0..1 RGB; (0.45, 0.82, 1)
    float ground[3]; ///< colour outside the tiles; 0.15 grey
    float light;     ///< factor on all but the sky; 1
    double lamp[3];  ///< position of the lamp (x, y, z) [m]; (0, 3, 0)
    float ambient;   ///< factor on the ambient light; 1
    float diffuse;   ///< factor on the lamp's diffuse light; 1
    /// States of the world's moving objects (moving_count); NULL: as the map places them.
    const imp_object_state *moving;
    /// Bit n is set if object n is absent; NULL: all are present.
    const uint64_t *hidden;
    /// Triangles on the ground (distractor_count), the last on top; NULL: none.
    const imp_distractor *distractors;
    int distractor_count;
    // Randomised appearance of an episode. On maps with more than 62 tiles on a side, it applies
    // within 31 tiles of the robot.
    const float (*tile_colour)[3];   ///< colour factor 0..4 of each tile (rows x columns); NULL: 1
    const uint8_t *tile_variant;     ///< texture variant of each tile; NULL: the scene's choice
    const float (*object_colour)[3]; ///< colour factor of each object; NULL: 1
    float slope;  ///< share of the ground's light that depends on the lamp's angle, 0..1; 0
    float shadow; ///< strength of soft shadows of objects within 4 m, 0..1; 0
    const imp_glare *glares; ///< reflections (glare_count <= IMP_GLARES_MAX)
    int glare_count;
    const imp_horizon *horizon; ///< replaces the sky's colour; NULL: none
    const imp_clutter *clutter; ///< boxes (clutter_count <= IMP_CLUTTER_MAX)
    int clutter_count;
    /// A room around the map; `sky` and `ground` should be its colours. NULL: that of the scene.
    const imp_room *room;
    /// LED colours (0..1) of each object: front left, right and middle, back left and right. Black
    /// is off. Only duckiebots have LEDs. NULL: all off.
    const float (*leds)[IMP_LED_COUNT][3];
} imp_view;

imp_view imp_default_view(void);

/// Which of the equivalent implementations draws; all agree within 1/255.
typedef enum imp_render_backend {
    IMP_RENDER_AUTO,     ///< the fastest that the processor supports
    IMP_RENDER_PORTABLE, ///< portable C
    IMP_RENDER_AVX2,     ///< AVX2, or portable C if the processor lacks it
} imp_render_backend;

/// Tables of a camera and scratch memory. One per thread.
typedef struct imp_renderer imp_renderer;

/// Creates a renderer for a camera. Free with imp_renderer_destroy(). Fails with IMP_USAGE where
/// imp_camera_init() does, and with IMP_NO_MEMORY. Images of more than 2^20 pixels are drawn
/// without tables, which is some hundred times slower.
imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_backend path, imp_error *err);
void imp_renderer_destroy(imp_renderer *renderer); ///< nullable

/// Changes the camera; the image size must stay the same. Allocates only if the new camera needs
/// more ground samples than any before. Fails like imp_renderer_create(); the old camera is then
/// kept.
imp_status imp_renderer_set_camera(imp_renderer *renderer, const imp_camera_def *camera,
                                   imp_error *err);
const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer);

/// Draws one image: rgb is (height x width x 3) bytes, rows from top to bottom. Allocates nothing.
/// Objects are clipped at 0.04 m from the camera.
void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb);

/// Draws the whole map from above, north up: rgb is (height x width x 3) bytes. The map is centred
/// and keeps its aspect ratio. Objects are where the map places them.
void imp_render_top_down(const imp_scene *scene, int width, int height, uint8_t *rgb);

/// Draws every kind of object, colour and sign once, in a grid: rgb is (height x width x 3) bytes.
/// Fails with IMP_USAGE on images that are too small, and like imp_scene_create_with_def().
imp_status imp_render_object_catalogue(const imp_scene_def *def, int width, int height,
                                       uint8_t *rgb, imp_error *err);

/// Like imp_render_top_down(), with moving and absent objects of a view; its pose is ignored.
void imp_render_top_down_view(const imp_scene *scene, const imp_view *view, int width, int height,
                              uint8_t *rgb);

/// Scale [px/m] and the pixel of the world's origin in images of imp_render_top_down().
void imp_top_down_transform(const imp_world *world, int width, int height, double *scale,
                            double *left, double *top);

/// Effects of a real camera on images. The defaults change nothing. Obtain with
/// imp_default_camera_effects_def(), then change fields.
typedef struct imp_camera_effects_def {
    double motion_blur; ///< exposure time over which the robot's motion blurs the image [s], 0..0.1
    double defocus;     ///< standard deviation of a Gaussian blur [px at 640 px width], 0..20
    double exposure;    ///< [stops], -8..8
    double white_balance; ///< -1 (blue) to 1 (red): half a stop more red, less blue
    double gamma;         ///< exponent applied to values in 0..1, 0.1..10; 1
    double noise;         ///< standard deviation of additive noise, 0..1 of white
    double shot_noise; ///< standard deviation at white, 0..1; proportional to the root of the light
    double flicker;    ///< darkening of the bands of mains light, 0..1
    double flicker_bands; ///< bands per image, 0..1000; 3.3: 100 Hz light, read out in 1/30 s
    int jpeg_quality;     ///< libjpeg's quality 1..100, with 4:2:0 subsampling; 0: off
    int cookie;
} imp_camera_effects_def;

imp_camera_effects_def imp_default_camera_effects_def(void);

/// Checks the ranges. Fails with IMP_USAGE, naming the field.
imp_status imp_camera_effects_check(const imp_camera_effects_def *def, imp_error *err);

/// Tables of a camera and scratch memory for camera effects. One per thread.
typedef struct imp_camera_effects imp_camera_effects;

/// Free with imp_camera_effects_destroy(). Fails with IMP_USAGE where imp_camera_init() does, and
/// with IMP_NO_MEMORY.
imp_status imp_camera_effects_create(imp_camera_effects **out, const imp_camera_def *camera,
                                     imp_error *err);
void imp_camera_effects_destroy(imp_camera_effects *effects); ///< nullable

/// Applies effects to an image of the camera's (height x width x 3) in place. *def must have passed
/// imp_camera_effects_check() and may differ between images. The robot drives at speed [m/s] and
/// turn_rate [rad/s]. Pixels above the ground plane move like the ground behind them, or like
/// infinitely distant points. The number of draws from *random (IMP_PURPOSE_CAMERA) does not depend
/// on the image. Gives the same bytes on every processor; allocates nothing.
void imp_camera_effects_apply(imp_camera_effects *effects, const imp_camera_effects_def *def,
                              double speed, double turn_rate, imp_random *random, uint8_t *rgb);

/// Semantic classes: X(enumerator, name, red, green, blue of the palette). The kinds of object
/// follow.
#define IMP_SEMANTIC_CLASS_LIST(X)                                                                 \
    X(IMP_SEMANTIC_NOTHING, "nothing", 0, 0, 0)                                                    \
    X(IMP_SEMANTIC_SKY, "sky", 135, 206, 235)                                                      \
    X(IMP_SEMANTIC_GROUND, "ground", 60, 45, 40)                                                   \
    X(IMP_SEMANTIC_ROAD, "road", 105, 105, 110)                                                    \
    X(IMP_SEMANTIC_WHITE_LINE, "white line", 255, 255, 255)                                        \
    X(IMP_SEMANTIC_YELLOW_LINE, "yellow line", 255, 225, 0)                                        \
    X(IMP_SEMANTIC_RED_LINE, "red line", 225, 0, 0)                                                \
    X(IMP_SEMANTIC_GRASS, "grass", 75, 150, 60)                                                    \
    X(IMP_SEMANTIC_FLOOR, "floor", 165, 140, 105)                                                  \
    X(IMP_SEMANTIC_CALIBRATION, "calibration tile", 205, 180, 220)

/// NOTHING: outside the lens's image. GROUND: outside the tiles, and clutter.
typedef enum imp_semantic_class {
#define IMP_SEMANTIC_CLASS_ENUM(name, word, red, green, blue) name,
    IMP_SEMANTIC_CLASS_LIST(IMP_SEMANTIC_CLASS_ENUM)
#undef IMP_SEMANTIC_CLASS_ENUM
        IMP_SEMANTIC_OBJECT, ///< + imp_object_kind
    IMP_SEMANTIC_COUNT = IMP_SEMANTIC_OBJECT + (int)IMP_OBJECT_KIND_COUNT
} imp_semantic_class;

/// Name of a class and its colour in the palette (red, green, blue); static.
const char *imp_semantic_class_name(int class_id);
const uint8_t *imp_semantic_class_colour(int class_id);

/// Rays of a camera and scratch memory to classify pixels. One per thread.
typedef struct imp_segmentation_pass imp_segmentation_pass;

/// Free with imp_segmentation_pass_destroy(). Fails with IMP_USAGE where imp_camera_init() does,
/// and with IMP_NO_MEMORY.
imp_status imp_segmentation_pass_create(imp_segmentation_pass **out, const imp_camera_def *camera,
                                        imp_error *err);
void imp_segmentation_pass_destroy(imp_segmentation_pass *segmentation); ///< nullable

/// Changes the camera; the image size must stay the same. Fails with IMP_USAGE where
/// imp_camera_init() does, or if the size differs. Allocates nothing.
imp_status imp_segmentation_pass_set_camera(imp_segmentation_pass *segmentation,
                                            const imp_camera_def *camera, imp_error *err);

/// Classifies the ray through each pixel's centre, without light or anti-aliasing. mask (height x
/// width) receives imp_semantic_class values; depths (height x width) the distance along the
/// camera's axis [m], infinite without a hit. Either may be NULL. Lane markings are where our own
/// textures have them, whatever the scene's textures. Allocates nothing.
void imp_segmentation_pass_run(imp_segmentation_pass *segmentation, const imp_scene *scene,
                               const imp_view *view, uint8_t *mask, float *depths);

/// Draws the lanes within 5 m into a camera's image (height x width x 3). Where depths (nullable,
/// from imp_segmentation_pass_run()) are smaller, lanes are hidden.
void imp_draw_lanes(const imp_camera *camera, const imp_world *world, imp_pose pose,
                    const float *depths, uint8_t *rgb);

/// Draws the edges of bounding boxes around objects, in the colours of the palette.
void imp_draw_bounding_boxes(const imp_camera *camera, const imp_world *world, const imp_view *view,
                             uint8_t *rgb);

/// Draws a trajectory, or a robot, into an image of imp_render_top_down().
void imp_draw_trajectory(const imp_world *world, int width, int height, const imp_pose *poses,
                         int count, uint8_t *rgb);
void imp_draw_robot(const imp_world *world, int width, int height, imp_pose pose, uint8_t *rgb);

IMP_API_END

#endif
