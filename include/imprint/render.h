/// imprint/render.h: from a world, a camera and a pose to pixels, on the CPU. What is constant (the
/// scene) is shared; what changes (tables, scratch) sits in one renderer per thread.
#ifndef IMPRINT_RENDER_H
#define IMPRINT_RENDER_H

#include "imprint/robot.h"
#include "imprint/world.h"

IMP_API_BEGIN

/// Textures, layout and shapes of a world, constant after creation and shared by threads.
typedef struct imp_scene imp_scene;

/// Builds the scene of a world. The world must outlive it. Freed with imp_scene_destroy(). Fails
/// with IMP_BAD_INPUT if the map has more than 8192 tiles a side, and with IMP_NO_MEMORY.
imp_status imp_scene_create(imp_scene **out, const imp_world *world, imp_error *err);
void imp_scene_destroy(imp_scene *scene); ///< nullable

/// Textures of tiles and meshes of objects from an existing folder, constant after opening and
/// shared by threads and scenes.
typedef struct imp_assets imp_assets;

/// Opens a folder laid out like duckietown-world's data/gd1 (textures/tiles-processed/STYLE/KIND/
/// texture.jpg, meshes/KIND/KIND.obj) or like gym-duckietown's older ones (textures/KIND_1.png,
/// meshes/KIND.obj). style, which only the first layout has: "photos", "synthetic", "synthetic-F",
/// "smooth". What is missing is drawn as without assets. Freed with imp_assets_close(). Fails with
/// IMP_BAD_INPUT and the file's name if a file is broken, or if there are textures but none of the
/// style.
imp_status imp_assets_open(imp_assets **out, const char *folder, const char *style, imp_error *err);
void imp_assets_close(imp_assets *assets); ///< nullable

/// Remarks about what is missing in the folder, one line each.
int imp_assets_warning_count(const imp_assets *assets);
const char *imp_assets_warning(const imp_assets *assets, int index);

/// What a scene is drawn with. Obtain with imp_default_scene_def(), then change fields.
typedef struct imp_scene_def {
    const imp_assets *assets; ///< must outlive the scene; NULL: ours
    uint64_t seed;            ///< of which variant of its texture each tile gets; 0: the first
    /// Variants of each kind of tile that images can choose from (imp_view.tile_variant), up to
    /// IMP_TILE_VARIANTS_MAX; 0: one, or with a seed all that the assets have.
    int variants;
    /// How far variants but the first (with assets, those after their own) depart from the plain
    /// look, 0..1: colour and width of lines, paint that fades and chips, dirt, seams between
    /// tiles, other floors. All of it follows from the seed. 0: not at all, and there are none.
    float wear;
    /// Levels of textures that are left out, 0..4, of which each takes three quarters of the memory
    /// that is left; 0. Images of 80 x 60 see next to nothing of the finest.
    int finest;
} imp_scene_def;

enum { IMP_TILE_VARIANTS_MAX = 32 };

imp_scene_def imp_default_scene_def(void);

/// imp_scene_create() with a definition.
imp_status imp_scene_create_with_def(imp_scene **out, const imp_world *world,
                                     const imp_scene_def *def, imp_error *err);
/// The scenes of `count` worlds, at least one, by one definition. They share textures, so that many
/// cost little more time and memory than one; what destroys them must not do so on two threads at
/// once. out: (count) of them, or none after a failure.
imp_status imp_scene_create_many(imp_scene **out, const imp_world *const *worlds, int count,
                                 const imp_scene_def *def, imp_error *err);
/// What it was made with; borrowed from the scene.
const imp_scene_def *imp_scene_get_def(const imp_scene *scene);

/// How many variants of a kind of tile a scene has to choose from; at least 1.
int imp_scene_variant_count(const imp_scene *scene, imp_tile_kind kind);

enum { IMP_DISTRACTORS_MAX = 32 };

/// A triangle on the ground beyond the tiles, that means nothing.
typedef struct imp_distractor {
    imp_vec2 corner[3]; ///< [m]
    float colour[3];    ///< 0..1 RGB
} imp_distractor;

/// Draws grey triangles (at most IMP_DISTRACTORS_MAX) with corners up to 20 m from the origin, as
/// gym-duckietown does; it draws 12.
void imp_distractors_generate(imp_distractor *out, int count, imp_random *random);

/// What is to be seen above the horizon, in all directions.
enum { IMP_HORIZON_WIDTH = 256, IMP_HORIZON_HEIGHT = 64 };
typedef struct imp_horizon {
    /// Bytes red, green, blue from the lowest: rows upwards from the horizon to a slope of 1.5,
    /// columns counter-clockwise from heading 0.
    uint32_t texels[IMP_HORIZON_HEIGHT][IMP_HORIZON_WIDTH];
} imp_horizon;

/// Draws a horizon of noise, gradients and things that mean nothing, around a colour (0..1).
void imp_horizon_generate(imp_horizon *out, const float colour[3], imp_random *random);

enum { IMP_CLUTTER_MAX = 64, IMP_GLARES_MAX = 4, IMP_LED_COUNT = 5 };

/// A box that stands on the ground and means nothing.
typedef struct imp_clutter {
    imp_vec2 position; ///< of its middle [m]
    double heading;    ///< [rad]
    float size[3];     ///< along its heading, upwards, across [m]
    float colour[3];   ///< 0..1 RGB
} imp_clutter;

/// A lamp or window that the ground reflects.
typedef struct imp_glare {
    double at[3];   ///< (x, y, z) [m]
    float strength; ///< of what the ground's colour gets, 0..1
    float size;     ///< of its half [rad], 0.01..1
} imp_glare;

/// What changes from image to image. Obtain with imp_default_view(), then change fields.
typedef struct imp_view {
    imp_pose pose;   ///< of the robot that carries the camera
    float sky[3];    ///< 0..1 RGB; (0.45, 0.82, 1)
    float ground[3]; ///< beyond the tiles; 0.15 grey
    float light;     ///< factor on everything but the sky; 1
    double lamp[3];  ///< where the lamp is [m] (x, y, z): (0, 3, 0)
    float ambient;   ///< factor on the light from everywhere; 1
    float diffuse;   ///< factor on the light from the lamp; 1
    /// Where the world's moving objects are (moving_count of them); NULL: as the map places them.
    const imp_object_state *moving;
    /// A bit for each object that is absent, from the lowest; NULL: none is.
    const uint64_t *hidden;
    /// What lies around (distractor_count, the last on top); NULL: nothing does.
    const imp_distractor *distractors;
    int distractor_count;
    // How an episode's world is dressed; on maps of more than 62 tiles a side, within 31 tiles of
    // the robot.
    const float (*tile_colour)[3];   ///< multiplier 0..4 of each of the world's tiles; NULL: white
    const uint8_t *tile_variant;     ///< that each shows, or the last; NULL: the scene's choice
    const float (*object_colour)[3]; ///< multiplier of each of the world's objects; NULL: white
    float slope;  ///< share of the ground's light that follows the lamp's cosine, 0..1; 0
    float shadow; ///< depth of soft shadows under objects that are within 4 m, 0..1; 0
    const imp_glare *glares; ///< what the ground reflects (glare_count, IMP_GLARES_MAX at most)
    int glare_count;
    const imp_horizon *horizon; ///< instead of the sky's colour; NULL: none
    const imp_clutter *clutter; ///< boxes (clutter_count, IMP_CLUTTER_MAX at most)
    int clutter_count;
    /// Colours (0..1) of the LEDs of each of the world's objects: front left, right and middle,
    /// back left and right. Black ones are off; only duckiebots have any. NULL: all are off.
    const float (*leds)[IMP_LED_COUNT][3];
} imp_view;

imp_view imp_default_view(void);

/// Which of the equivalent code paths draws; all give the same image within 1/255.
typedef enum imp_render_backend {
    IMP_RENDER_AUTO,     ///< the fastest that this processor has
    IMP_RENDER_PORTABLE, ///< portable C
    IMP_RENDER_AVX2,     ///< AVX2 at most; portable C where there is none
} imp_render_backend;

/// A camera's tables and the scratch memory to draw with. One per thread.
typedef struct imp_renderer imp_renderer;

/// Prepares to draw through a camera. Freed with imp_renderer_destroy(). Fails with IMP_USAGE where
/// imp_camera_init() does, and with IMP_NO_MEMORY. Images of more than 2^20 pixels are drawn
/// without tables, which is some hundred times slower.
imp_status imp_renderer_create(imp_renderer **out, const imp_camera_def *camera,
                               imp_render_backend path, imp_error *err);
void imp_renderer_destroy(imp_renderer *renderer); ///< nullable

/// Looks through another camera from now on, whose images have the same size. Takes no memory
/// unless its ground needs more samples than any before. Fails as imp_renderer_create() does, and
/// then the renderer keeps its camera.
imp_status imp_renderer_set_camera(imp_renderer *renderer, const imp_camera_def *camera,
                                   imp_error *err);
const imp_camera_def *imp_renderer_camera(const imp_renderer *renderer);

/// Draws one image, ground and objects: rgb is (height x width x 3) bytes, rows top to bottom, red
/// first. Allocates nothing. Objects nearer than 0.04 m are cut there.
void imp_render(imp_renderer *renderer, const imp_scene *scene, const imp_view *view, uint8_t *rgb);

/// Draws the whole map from above, north up: rgb is (height x width x 3) bytes. The map is centred
/// and keeps its proportions. Objects are where the map places them.
void imp_render_top_down(const imp_scene *scene, int width, int height, uint8_t *rgb);

/// Draws every kind of object, colour and sign once, in a grid: rgb is (height x width x 3) bytes.
/// Fails with IMP_USAGE on images of a few pixels, and where imp_scene_create_with_def() does.
imp_status imp_render_object_catalogue(const imp_scene_def *def, int width, int height,
                                       uint8_t *rgb, imp_error *err);

/// The same with objects where a view has them; its pose does not count.
void imp_render_top_down_view(const imp_scene *scene, const imp_view *view, int width, int height,
                              uint8_t *rgb);

/// Pixels per metre and the pixel of the world's origin in imp_render_top_down()'s image.
void imp_top_down_transform(const imp_world *world, int width, int height, double *scale,
                            double *left, double *top);

/// What a real camera does to images. By default nothing: obtain with
/// imp_default_camera_effects_def(), then change fields.
typedef struct imp_camera_effects_def {
    double motion_blur;   ///< time over which the robot's own motion smears an image [s], 0..0.1
    double defocus;       ///< standard deviation of a Gaussian blur [px of 640 across], 0..20
    double exposure;      ///< [stops], -8..8
    double white_balance; ///< from -1 (blue) to 1 (red): half a stop of red up and of blue down
    double gamma;         ///< exponent of what becomes of values in 0..1, 0.1..10; 1
    double noise;         ///< standard deviation everywhere, 0..1 (of white)
    double shot_noise;    ///< of white, 0..1; it grows with the square root of the light
    double flicker;       ///< how much darker the bands of mains light are, 0..1
    double flicker_bands; ///< of them in an image, 0..1000; 3.3, of 100 Hz read out in 1/30 s
    int jpeg_quality;     ///< 1..100 as libjpeg counts it, colours at half the size; 0: none
    int cookie;
} imp_camera_effects_def;

imp_camera_effects_def imp_default_camera_effects_def(void);

/// IMP_USAGE, naming the field, if a value is out of its range.
imp_status imp_camera_effects_check(const imp_camera_effects_def *def, imp_error *err);

/// The tables of a camera and the scratch memory to degrade its images with. One per thread.
typedef struct imp_camera_effects imp_camera_effects;

/// Freed with imp_camera_effects_destroy(). Fails with IMP_USAGE where imp_camera_init() does, and
/// with IMP_NO_MEMORY.
imp_status imp_camera_effects_create(imp_camera_effects **out, const imp_camera_def *camera,
                                     imp_error *err);
void imp_camera_effects_destroy(imp_camera_effects *effects); ///< nullable

/// Degrades an image of the camera's (height x width x 3) in place; def must have passed
/// imp_camera_effects_check() and may be another for every image. The robot drives at speed [m/s]
/// and turn_rate [rad/s]; what does not lie on the ground moves in the image like the ground behind
/// it, or if there is none like what is infinitely far. Draws from *random (IMP_PURPOSE_CAMERA) as
/// often whatever the image. The same bytes on every processor; allocates nothing.
void imp_camera_effects_apply(imp_camera_effects *effects, const imp_camera_effects_def *def,
                              double speed, double turn_rate, imp_random *random, uint8_t *rgb);

/// What a pixel may show: X(enumerator, word, red, green, blue of the palette). After these come
/// the kinds of object.
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

/// NOTHING is what lies beyond the lens's image, GROUND what lies beyond the tiles, and clutter.
typedef enum imp_semantic_class {
#define IMP_SEMANTIC_CLASS_ENUM(name, word, red, green, blue) name,
    IMP_SEMANTIC_CLASS_LIST(IMP_SEMANTIC_CLASS_ENUM)
#undef IMP_SEMANTIC_CLASS_ENUM
        IMP_SEMANTIC_OBJECT, ///< + imp_object_kind
    IMP_SEMANTIC_COUNT = IMP_SEMANTIC_OBJECT + (int)IMP_OBJECT_KIND_COUNT
} imp_semantic_class;

/// The word for a segment and its colour in the palette (red, green, blue).
const char *imp_semantic_class_name(int class_id);
const uint8_t *imp_semantic_class_colour(int class_id);

/// A camera's rays and the scratch memory to find out with what its pixels show. One per thread.
typedef struct imp_segmentation_pass imp_segmentation_pass;

/// Freed with imp_segmentation_pass_destroy(). Fails with IMP_USAGE where imp_camera_init() does,
/// and with IMP_NO_MEMORY.
imp_status imp_segmentation_pass_create(imp_segmentation_pass **out, const imp_camera_def *camera,
                                        imp_error *err);
void imp_segmentation_pass_destroy(imp_segmentation_pass *segmentation); ///< nullable

/// Makes it look through another camera with images of the same size. IMP_USAGE where
/// imp_camera_init() fails, and if the size differs. Allocates nothing.
imp_status imp_segmentation_pass_set_camera(imp_segmentation_pass *segmentation,
                                            const imp_camera_def *camera, imp_error *err);

/// Finds what is seen along the ray through each pixel's middle: no light, nothing mixed. segments
/// (height x width) are of imp_semantic_class; depths (height x width) are metres along the
/// camera's axis, infinite where nothing is met. Either may be NULL. Markings are where we paint
/// them, whatever textures the scene has. Allocates nothing.
void imp_segmentation_pass_run(imp_segmentation_pass *segmentation, const imp_scene *scene,
                               const imp_view *view, uint8_t *mask, float *depths);

/// Draws the lanes of a world into a camera's image (height x width x 3) as they lie on the ground,
/// up to 5 m away. Where depths (nullable, as imp_segmentation_pass_run() finds them) are nearer,
/// they are hidden.
void imp_draw_lanes(const imp_camera *camera, const imp_world *world, imp_pose pose,
                    const float *depths, uint8_t *rgb);

/// Draws the edges of boxes around the objects of a world, in the colours of the palette.
void imp_draw_bounding_boxes(const imp_camera *camera, const imp_world *world, const imp_view *view,
                             uint8_t *rgb);

/// Draws a robot, and the way that it took, into an image of imp_render_top_down().
void imp_draw_trajectory(const imp_world *world, int width, int height, const imp_pose *poses,
                         int count, uint8_t *rgb);
void imp_draw_robot(const imp_world *world, int width, int height, imp_pose pose, uint8_t *rgb);

IMP_API_END

#endif
