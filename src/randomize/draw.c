#include <math.h>
#include <stdio.h>

#include "base/vector.h"
#include "randomize/quantities.h"

imp_draw imp_draw_episode(const imp_randomization *spec, uint64_t seed, uint32_t environment,
                          uint32_t episode)
{
    imp_draw draw = {.spec = *spec, .seed = seed, .environment = environment, .episode = episode};
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++) {
        imp_random random = imp_quantity_stream(q, seed, environment, episode);
        imp_quantity_draw(spec, q, &random, draw.values[q]);
    }
    return draw;
}

static bool is_on(const imp_draw *draw, imp_quantity quantity)
{
    return draw->spec.strength[imp_quantity_rows[quantity].group] > 0.0;
}

// Those drawn for single tiles and objects have no value in an episode.
static bool is_of_episode(imp_quantity quantity)
{
    return quantity != IMP_QUANTITY_TILE_COLOUR && quantity != IMP_QUANTITY_OBJECT_COLOUR;
}

void imp_draw_text(const imp_draw *draw, char out[IMP_DRAW_TEXT_MAX])
{
    size_t used = 1;
    out[0] = '{';
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++) {
        if (!is_on(draw, q) || !is_of_episode(q))
            continue;
        const int size = imp_quantity_rows[q].size;
        used +=
            (size_t)snprintf(out + used, IMP_DRAW_TEXT_MAX - used, "%s\"%s\": %s",
                             used > 1 ? ", " : "", imp_quantity_rows[q].name, size > 1 ? "[" : "");
        for (int k = 0; k < size; k++)
            used += (size_t)snprintf(out + used, IMP_DRAW_TEXT_MAX - used, "%s%.9g",
                                     k > 0 ? ", " : "", draw->values[q][k]);
        if (size > 1)
            out[used++] = ']';
    }
    out[used++] = '}';
    out[used] = '\0';
}

void imp_draw_env(const imp_draw *draw, imp_env_def *def)
{
    const double(*v)[IMP_QUANTITY_SIZE_MAX] = draw->values;
    imp_drive_def *drive = &def->drive;
    const double later = v[IMP_QUANTITY_DELAY][0] - imp_quantity_neutral(IMP_QUANTITY_DELAY, 0);
    drive->delay = fmax(0.0, fmin(IMP_MAX_DELAY_STEPS * drive->time_step, drive->delay + later));
    drive->gain *= v[IMP_QUANTITY_GAIN][0];
    drive->trim += v[IMP_QUANTITY_TRIM][0];
    drive->wheel_radius *= v[IMP_QUANTITY_WHEEL_RADIUS][0];
    drive->wheel_distance *= v[IMP_QUANTITY_WHEEL_DIST][0];
    def->frame_skip *= (int)v[IMP_QUANTITY_RATE_DIVIDER][0];
    def->dropped = fmax(def->dropped, v[IMP_QUANTITY_DROPPED][0]);
    def->command_noise = hypot(def->command_noise, v[IMP_QUANTITY_COMMAND_NOISE][0]);
    def->randomize_objects |= v[IMP_QUANTITY_OBJECTS][0] > 0.5;
}

void imp_draw_camera(const imp_draw *draw, imp_camera_def *def)
{
    const double(*v)[IMP_QUANTITY_SIZE_MAX] = draw->values;
    const double *shift = v[IMP_QUANTITY_CAMERA_NOISE], *matrix = v[IMP_QUANTITY_LENS_MATRIX];
    const double *bend = v[IMP_QUANTITY_LENS_BEND];
    imp_lens *lens = &def->lens;
    def->mount_forward += shift[0];
    def->mount_height = fmax(0.01, def->mount_height * v[IMP_QUANTITY_CAMERA_HEIGHT][0] + shift[1]);
    def->mount_right += shift[2];
    def->pitch *= v[IMP_QUANTITY_CAMERA_ANGLE][0];
    def->pitch = fmax(-IMP_PI / 2.0, fmin(IMP_PI / 2.0, def->pitch));
    def->field_of_view = fmin(IMP_PI - 0.01, def->field_of_view * v[IMP_QUANTITY_CAMERA_FOV][0]);
    if (lens->kind == IMP_LENS_NONE)
        return;
    lens->fx *= matrix[0];
    lens->fy *= matrix[1];
    lens->cx *= matrix[2];
    lens->cy *= matrix[3];
    lens->k1 *= bend[0];
    lens->k2 *= bend[1];
    lens->p1 *= bend[2];
    lens->p2 *= bend[3];
    lens->k3 *= bend[4];
}

void imp_draw_degrade(const imp_draw *draw, imp_degrade_def *def)
{
    const double(*v)[IMP_QUANTITY_SIZE_MAX] = draw->values;
    def->exposure = fmax(-8.0, fmin(8.0, def->exposure + v[IMP_QUANTITY_EXPOSURE][0]));
    def->white_balance =
        fmax(-1.0, fmin(1.0, def->white_balance + v[IMP_QUANTITY_WHITE_BALANCE][0]));
    def->gamma = fmax(0.1, fmin(10.0, def->gamma * v[IMP_QUANTITY_GAMMA][0]));
    def->motion_blur = fmax(def->motion_blur, v[IMP_QUANTITY_MOTION_BLUR][0]);
    def->defocus = fmax(def->defocus, v[IMP_QUANTITY_DEFOCUS][0]);
    def->noise = fmax(def->noise, v[IMP_QUANTITY_NOISE][0]);
    def->shot_noise = fmax(def->shot_noise, v[IMP_QUANTITY_SHOT_NOISE][0]);
    def->flicker = fmax(def->flicker, v[IMP_QUANTITY_FLICKER][0]);
    const int quality = (int)v[IMP_QUANTITY_JPEG_QUALITY][0];
    if (quality < 100 && (def->jpeg_quality == 0 || quality < def->jpeg_quality))
        def->jpeg_quality = quality;
}
