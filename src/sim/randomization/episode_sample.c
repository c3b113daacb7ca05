// Draws an episode's values and applies them to definitions. Applying combines a value with the
// nominal one: factors multiply, offsets add, and for effects that can only get worse (noise, blur,
// dropout) the stronger one counts. Results are clamped to valid ranges. Definitions are copied by
// the caller, so that one episode's values never leak into the next.
#include <math.h>
#include <stdio.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/randomization/quantities.h"

// All quantities are drawn, also of groups that are off, so that a replay can show them.
imp_randomization_sample imp_randomization_draw_sample(const imp_randomization *spec, uint64_t seed,
                                                       uint32_t environment, uint32_t episode)
{
    imp_randomization_sample sample = {
        .spec = *spec, .seed = seed, .environment = environment, .episode = episode};
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++) {
        imp_random random = imp_quantity_random_stream(q, seed, environment, episode);
        imp_quantity_sample_values(spec, q, &random, sample.values[q]);
    }
    return sample;
}

static bool is_group_of_quantity_on(const imp_randomization_sample *sample, imp_quantity quantity)
{
    return sample->spec.strength[imp_quantity_table[quantity].group] > 0.0;
}

// Quantities of single tiles and objects have no value per episode.
static bool is_quantity_per_episode(imp_quantity quantity)
{
    return quantity != IMP_QUANTITY_TILE_COLOUR && quantity != IMP_QUANTITY_OBJECT_COLOUR;
}

void imp_randomization_sample_json(const imp_randomization_sample *sample,
                                   char out[IMP_SAMPLE_JSON_MAX])
{
    // groups that are off are omitted; the buffer is large enough for all quantities
    size_t used = 1;
    out[0] = '{';
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++) {
        // values of groups that are off are the defaults
        if (!is_group_of_quantity_on(sample, q) || !is_quantity_per_episode(q))
            continue;
        // a number, or an array of numbers
        const int size = imp_quantity_table[q].size;
        used +=
            (size_t)snprintf(out + used, IMP_SAMPLE_JSON_MAX - used, "%s\"%s\": %s",
                             used > 1 ? ", " : "", imp_quantity_table[q].name, size > 1 ? "[" : "");
        for (int k = 0; k < size; k++)
            used += (size_t)snprintf(out + used, IMP_SAMPLE_JSON_MAX - used, "%s%.9g",
                                     k > 0 ? ", " : "", sample->values[q][k]);
        if (size > 1)
            out[used++] = ']';
    }
    out[used++] = '}';
    out[used] = '\0';
}

void imp_randomization_apply_to_env(const imp_randomization_sample *sample, imp_env_def *def)
{
    const double(*v)[IMP_QUANTITY_SIZE_MAX] = sample->values;
    imp_drive_def *drive = &def->drive;
    // the delay shifts by the drawn deviation from the default delay
    const double later =
        v[IMP_QUANTITY_DELAY][0] - imp_quantity_default_value(IMP_QUANTITY_DELAY, 0);
    drive->delay = fmax(0.0, fmin(IMP_MAX_DELAY_STEPS * drive->time_step, drive->delay + later));
    // factors and offsets of the drive
    drive->gain *= v[IMP_QUANTITY_GAIN][0];
    drive->trim += v[IMP_QUANTITY_TRIM][0];
    drive->wheel_radius *= v[IMP_QUANTITY_WHEEL_RADIUS][0];
    drive->wheel_distance *= v[IMP_QUANTITY_WHEEL_DIST][0];
    // rates divide, probabilities and noise keep the larger effect
    def->frame_skip *= (int)v[IMP_QUANTITY_RATE_DIVIDER][0];
    def->action_dropout = fmax(def->action_dropout, v[IMP_QUANTITY_DROPPED][0]);
    def->command_noise = imp_hypot(def->command_noise, v[IMP_QUANTITY_COMMAND_NOISE][0]);
    def->randomize_objects |= v[IMP_QUANTITY_OBJECTS][0] > 0.5;
}

void imp_randomization_apply_to_camera(const imp_randomization_sample *sample, imp_camera_def *def)
{
    const double(*v)[IMP_QUANTITY_SIZE_MAX] = sample->values;
    const double *shift = v[IMP_QUANTITY_CAMERA_NOISE], *matrix = v[IMP_QUANTITY_LENS_MATRIX];
    const double *distortion = v[IMP_QUANTITY_LENS_DISTORTION];
    imp_lens *lens = &def->lens;
    // mounting
    def->mount_forward += shift[0];
    def->mount_height = fmax(0.01, def->mount_height * v[IMP_QUANTITY_CAMERA_HEIGHT][0] + shift[1]);
    def->mount_right += shift[2];
    def->pitch *= v[IMP_QUANTITY_CAMERA_ANGLE][0];
    def->pitch = fmax(-IMP_PI / 2.0, fmin(IMP_PI / 2.0, def->pitch));
    def->field_of_view = fmin(IMP_PI - 0.01, def->field_of_view * v[IMP_QUANTITY_CAMERA_FOV][0]);
    // lens parameters, if there is a lens
    if (lens->kind == IMP_LENS_NONE)
        return;
    lens->fx *= matrix[0];
    lens->fy *= matrix[1];
    lens->cx *= matrix[2];
    lens->cy *= matrix[3];
    lens->k1 *= distortion[0];
    lens->k2 *= distortion[1];
    lens->p1 *= distortion[2];
    lens->p2 *= distortion[3];
    lens->k3 *= distortion[4];
}

void imp_randomization_apply_to_effects(const imp_randomization_sample *sample,
                                        imp_camera_effects_def *def)
{
    const double(*v)[IMP_QUANTITY_SIZE_MAX] = sample->values;
    // exposure and tone combine, clamped to valid ranges
    def->exposure = fmax(-8.0, fmin(8.0, def->exposure + v[IMP_QUANTITY_EXPOSURE][0]));
    def->white_balance =
        fmax(-1.0, fmin(1.0, def->white_balance + v[IMP_QUANTITY_WHITE_BALANCE][0]));
    def->gamma = fmax(0.1, fmin(10.0, def->gamma * v[IMP_QUANTITY_GAMMA][0]));
    // of blur and noise the stronger counts
    def->motion_blur = fmax(def->motion_blur, v[IMP_QUANTITY_MOTION_BLUR][0]);
    def->defocus = fmax(def->defocus, v[IMP_QUANTITY_DEFOCUS][0]);
    def->noise = fmax(def->noise, v[IMP_QUANTITY_NOISE][0]);
    def->shot_noise = fmax(def->shot_noise, v[IMP_QUANTITY_SHOT_NOISE][0]);
    def->flicker = fmax(def->flicker, v[IMP_QUANTITY_FLICKER][0]);
    // of two compressions the lower quality counts; 100 means none
    const int quality = (int)v[IMP_QUANTITY_JPEG_QUALITY][0];
    if (quality < 100 && (def->jpeg_quality == 0 || quality < def->jpeg_quality))
        def->jpeg_quality = quality;
}
