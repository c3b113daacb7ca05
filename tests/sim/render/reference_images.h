// sim/render/reference_images.h: the recordings of the reference's pictures, what we make of the
// same poses with the same assets, and how alike two pictures are. Stands beside the project or not
// at all.
#ifndef IMP_TESTS_SIM_RENDER_REFERENCE_IMAGES_H
#define IMP_TESTS_SIM_RENDER_REFERENCE_IMAGES_H

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/image/image.h"
#include "base/io/file.h"
#include "imprint/render.h"

enum { REC_WIDTH = 640, REC_HEIGHT = 480, REC_PIXELS = REC_WIDTH * REC_HEIGHT };

static const char *const REC_NAMES[] = {
    "000_loop_empty",     "001_loop_empty",     "002_loop_empty",     "003_loop_empty",
    "004_loop_empty",     "005_small_loop",     "006_small_loop",     "007_small_loop",
    "008_small_loop",     "009_small_loop",     "010_udem1",          "011_udem1",
    "012_udem1",          "013_udem1",          "014_udem1",          "015_loop_obstacles",
    "016_loop_obstacles", "017_loop_obstacles", "018_loop_obstacles", "019_loop_obstacles",
    "020_zigzag_dists",   "021_zigzag_dists",   "022_zigzag_dists",   "023_zigzag_dists",
    "024_zigzag_dists",   "025_4way",           "026_4way",           "027_4way",
    "028_4way",           "029_4way",
};
enum { REC_COUNT = sizeof REC_NAMES / sizeof REC_NAMES[0] };

// What is recorded beside a picture.
typedef struct recording {
    char map[64];
    imp_pose pose;
    double lamp[3];                       // in the world [m]
    double positions[IMP_OBJECTS_MAX][3]; // of objects
    double headings[IMP_OBJECTS_MAX];     // [rad]
    int object_count;
} recording;

static inline bool reference_images_exist(void)
{
    return imp_path_exists(IMP_SHARED "/golden/images") &&
           imp_path_exists(IMP_SHARED "/reference-assets");
}

// The lamp is recorded as seen from the camera: right, up, behind.
static inline void reference_place_lamp(recording *r, const double eye[3],
                                        const imp_camera_def *camera)
{
    const double c = cos(r->pose.heading), s = sin(r->pose.heading);
    const double level = cos(camera->pitch), fall = sin(camera->pitch);
    const double right[3] = {s, 0, c}, up[3] = {c * fall, level, -s * fall},
                 ahead[3] = {c * level, -fall, -s * level},
                 at[3] = {r->pose.x + c * camera->mount_forward, camera->mount_height,
                          r->pose.z - s * camera->mount_forward};
    for (int i = 0; i < 3; i++)
        r->lamp[i] = at[i] + eye[0] * right[i] + eye[1] * up[i] - eye[2] * ahead[i];
}

static inline bool reference_pose_load(recording *r, const char *name, const imp_camera_def *camera)
{
    char path[4096];
    json_error_t problem;
    double eye[4], height;
    const char *map;
    json_t *objects, *object;
    size_t k;
    snprintf(path, sizeof path, "%s/golden/images/%s.json", IMP_SHARED, name);
    json_t *root = json_load_file(path, 0, &problem);
    if (root == NULL ||
        json_unpack(root, "{s:s,s:[F,F,F],s:F,s:[F,F,F,F],s:o}", "map", &map, "pos", &r->pose.x,
                    &height, &r->pose.z, "angle", &r->pose.heading, "light0_position_eye", &eye[0],
                    &eye[1], &eye[2], &eye[3], "objects", &objects) != 0)
        return false;
    snprintf(r->map, sizeof r->map, "%s", map);
    r->object_count = 0;
    json_array_foreach(objects, k, object)
    {
        double *at = r->positions[r->object_count], degrees;
        if (json_unpack(object, "{s:[F,F,F],s:F}", "pos", &at[0], &at[1], &at[2], "y_rot_deg",
                        &degrees) != 0)
            return false;
        r->headings[r->object_count++] = degrees * IMP_PI / 180.0;
    }
    reference_place_lamp(r, eye, camera);
    json_decref(root);
    return true;
}

static inline uint8_t *reference_image_load(const char *name, bool lens)
{
    char path[4096];
    uint8_t *rgb = NULL;
    int width, height;
    snprintf(path, sizeof path, "%s/golden/images/%s%s.png", IMP_SHARED, name, lens ? "_dist" : "");
    return imp_image_read(&rgb, &width, &height, path, NULL) == IMP_OK && width == REC_WIDTH &&
                   height == REC_HEIGHT
               ? rgb
               : NULL;
}

// Draws what is recorded, with the assets; the caller frees *rgb.
static inline imp_status reference_pose_render(uint8_t **rgb, const recording *r,
                                               const imp_assets *assets,
                                               const imp_camera_def *camera, imp_error *err)
{
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    imp_renderer *renderer = NULL;
    imp_scene_def def = imp_default_scene_def();
    imp_object_state states[IMP_OBJECTS_MAX] = {0};
    imp_view view = imp_default_view();
    def.assets = assets;
    imp_status status = imp_world_load(&world, r->map, err);
    if (status == IMP_OK)
        status = imp_scene_create_with_def(&scene, world, &def, err);
    if (status == IMP_OK)
        status = imp_renderer_create(&renderer, camera, IMP_RENDER_AUTO, err);
    *rgb = malloc((size_t)camera->width * (size_t)camera->height * 3);
    if (status == IMP_OK && *rgb != NULL) {
        for (int k = 0; k < world->moving_count; k++) {
            const double *at = r->positions[world->moving[k]];
            states[k] = (imp_object_state){
                .position = {at[0], at[2]}, .y = at[1], .heading = r->headings[world->moving[k]]};
        }
        view.pose = r->pose;
        view.moving = states;
        memcpy(view.lamp, r->lamp, sizeof view.lamp);
        imp_render(renderer, scene, &view, *rgb);
    }
    imp_renderer_destroy(renderer);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    return status;
}

static inline double reference_difference(const uint8_t *a, const uint8_t *b)
{
    long sum = 0;
    for (int k = 0; k < REC_PIXELS * 3; k++)
        sum += abs(a[k] - b[k]);
    return (double)sum / (REC_PIXELS * 3.0);
}

enum { REC_WINDOW = 11 };

// Sums over a Gaussian window around each pixel of the product of two pictures, along rows and then
// along columns.
static inline void reference_blur(const float *a, const float *b, float *scratch, float *out)
{
    float weights[REC_WINDOW], sum = 0.0f;
    const int half = REC_WINDOW / 2;
    for (int k = 0; k < REC_WINDOW; k++)
        sum += weights[k] = expf(-(float)((k - half) * (k - half)) / (2.0f * 1.5f * 1.5f));
    for (int k = 0; k < REC_PIXELS; k++) {
        scratch[k] = 0.0f;
        const int x = k % REC_WIDTH;
        for (int n = 0; n < REC_WINDOW && x >= half && x < REC_WIDTH - half; n++)
            scratch[k] += weights[n] / sum * a[k + n - half] * b[k + n - half];
    }
    for (int k = 0; k < REC_PIXELS; k++) {
        out[k] = 0.0f;
        const int y = k / REC_WIDTH;
        for (int n = 0; n < REC_WINDOW && y >= half && y < REC_HEIGHT - half; n++)
            out[k] += weights[n] / sum * scratch[k + (n - half) * REC_WIDTH];
    }
}

// Structural similarity of the luminance of two pictures, the mean over all windows within them
// (Wang, Bovik, Sheikh & Simoncelli, 2004: Gaussian window, deviation 1.5 px, K 0.01 and 0.03).
// If `each` is given, it gets what each window says (REC_PIXELS). NaN without memory.
static inline double reference_similarity(const uint8_t *one, const uint8_t *other, float *each)
{
    enum { A, B, ONES, MEAN_A, MEAN_B, AA, BB, AB, SCRATCH, ARRAYS };
    float *memory = malloc(sizeof(float) * REC_PIXELS * ARRAYS), *at[ARRAYS];
    if (memory == NULL)
        return NAN;
    for (int k = 0; k < ARRAYS; k++)
        at[k] = memory + (size_t)k * REC_PIXELS;
    for (int k = 0; k < REC_PIXELS; k++) {
        const uint8_t *p = one + 3 * k, *q = other + 3 * k;
        at[A][k] = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
        at[B][k] = 0.299f * q[0] + 0.587f * q[1] + 0.114f * q[2];
        at[ONES][k] = 1.0f;
    }
    reference_blur(at[A], at[ONES], at[SCRATCH], at[MEAN_A]);
    reference_blur(at[B], at[ONES], at[SCRATCH], at[MEAN_B]);
    reference_blur(at[A], at[A], at[SCRATCH], at[AA]);
    reference_blur(at[B], at[B], at[SCRATCH], at[BB]);
    reference_blur(at[A], at[B], at[SCRATCH], at[AB]);
    const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    const int half = REC_WINDOW / 2;
    double sum = 0.0;
    for (int k = 0; k < REC_PIXELS; k++) {
        const int x = k % REC_WIDTH, y = k / REC_WIDTH;
        const bool within = x >= half && x < REC_WIDTH - half && y >= half && y < REC_HEIGHT - half;
        const double ma = at[MEAN_A][k], mb = at[MEAN_B][k];
        const double va = at[AA][k] - ma * ma, vb = at[BB][k] - mb * mb, vab = at[AB][k] - ma * mb;
        const double value =
            (2.0 * ma * mb + c1) * (2.0 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
        if (each != NULL)
            each[k] = within ? (float)value : 1.0f;
        sum += within ? value : 0.0;
    }
    free(memory);
    return sum / ((REC_WIDTH - 2 * half) * (REC_HEIGHT - 2 * half));
}

#endif
