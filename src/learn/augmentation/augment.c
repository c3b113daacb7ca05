// Augmentation of training samples: the list of kinds and strengths, what is drawn for each sample,
// and the label that fits the changed image. A camera that is shifted and turned sees the road as
// from a pose beside the expert's line; the label is corrected by what the expert would steer back
// (Bojarski et al. 2016). The work on pixels is in augment_image.c, and the motion of a camera in
// camera_motion_flow.c.
#include "learn/augmentation/augment.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/suggestion.h"

// Words, strengths in "all", and the largest that make sense. Units of strengths are those of
// imp_augment; `usual` is the one of "all", and `max` the largest that is accepted.
static const struct strength {
    const char *word;
    size_t member;
    double usual, max;
} AUGMENT_KINDS[] = {
#define IMP_AUGMENT_ROW(member, word, usual, max) {word, offsetof(imp_augment, member), usual, max},
    IMP_AUGMENT_MAP(IMP_AUGMENT_ROW)
#undef IMP_AUGMENT_ROW
};
enum { AUGMENT_KIND_COUNT = sizeof AUGMENT_KINDS / sizeof AUGMENT_KINDS[0] };

// Points to the strength of kind k, by the offset of its member.
static double *augmentation_strength_of(imp_augment *def, int k)
{
    return (double *)((char *)def + AUGMENT_KINDS[k].member);
}

const char *imp_augmentation_name(int k)
{
    return k >= 0 && k < AUGMENT_KIND_COUNT ? AUGMENT_KINDS[k].word : NULL;
}

// What a list may hold. Word k of the list, for suggestions after a mistake: "all", "none", then
// the kinds; NULL after the last.
static const char *accepted_augmentation_word(int k)
{
    return k == 0 ? "all" : k == 1 ? "none" : imp_augmentation_name(k - 2);
}

// "word" or "word:strength". Parses one item of `length` bytes, which no zero byte ends. Without a
// strength the usual one is set.
static imp_status parse_augmentation(imp_augment *out, const char *item, size_t length,
                                     imp_error *err)
{
    const char *colon = memchr(item, ':', length);
    const size_t word = colon == NULL ? length : (size_t)(colon - item);
    for (int k = 0; k < AUGMENT_KIND_COUNT; k++) {
        const struct strength *s = &AUGMENT_KINDS[k];
        if (strlen(s->word) != word || strncmp(s->word, item, word) != 0)
            continue;
        char *end = NULL;
        const double value = colon == NULL ? s->usual : strtod(colon + 1, &end);
        if (colon != NULL &&
            (end != item + length || end == colon + 1 || !(value >= 0.0 && value <= s->max)))
            return imp_fail(err, IMP_USAGE, "%.*s: the strength must lie in 0..%g", (int)length,
                            item, s->max);
        *augmentation_strength_of(out, k) = value;
        return IMP_OK;
    }
    // no kind has this name: it is "all" or "none" with a strength, or unknown
    int found;
    const imp_status status =
        imp_name_lookup_with_length(&found, "", item, word, accepted_augmentation_word, err);
    return status != IMP_OK ? status
                            : imp_fail(err, IMP_USAGE, "'%s' takes no strength",
                                       accepted_augmentation_word(found));
}

// Items are separated by commas; a later one overrides an earlier one. *out changes only on
// success.
imp_status imp_augment_parse(imp_augment *out, const char *text, imp_error *err)
{
    imp_augment def = {0};
    for (const char *item = text; *item != '\0';) {
        const size_t length = strcspn(item, ",");
        if (length == 3 && strncmp(item, "all", 3) == 0)
            for (int k = 0; k < AUGMENT_KIND_COUNT; k++)
                *augmentation_strength_of(&def, k) = AUGMENT_KINDS[k].usual;
        else if (length == 4 && strncmp(item, "none", 4) == 0)
            def = (imp_augment){0};
        else
            IMP_TRY(parse_augmentation(&def, item, length, err));
        item += length + (item[length] == ',');
    }
    *out = def;
    return IMP_OK;
}

// *any is set to whether any kind has a positive strength.
imp_status imp_augment_check(const imp_augment *def, bool *any, imp_error *err)
{
    imp_augment copy = *def;
    *any = false;
    for (int k = 0; k < AUGMENT_KIND_COUNT; k++) {
        const double value = *augmentation_strength_of(&copy, k);
        if (!(value >= 0.0 && value <= AUGMENT_KINDS[k].max))
            return imp_fail(err, IMP_USAGE, "augmentation by %s: %g is not within 0 to %g",
                            AUGMENT_KINDS[k].word, value, AUGMENT_KINDS[k].max);
        *any = *any || value > 0.0;
    }
    return IMP_OK;
}

// Writes the list in the form that imp_augment_parse() reads, with 9 digits; it is cut off at
// `capacity`.
void imp_augment_format(const imp_augment *def, char *out, size_t capacity)
{
    imp_augment copy = *def;
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < AUGMENT_KIND_COUNT; k++)
        if (*augmentation_strength_of(&copy, k) > 0.0 && used < capacity)
            used += (size_t)snprintf(out + used, capacity - used, "%s%s:%.9g", used > 0 ? "," : "",
                                     AUGMENT_KINDS[k].word, *augmentation_strength_of(&copy, k));
}

// Reads a positive number from the settings of a dataset. A value that is missing or absurd gives
// `otherwise`, because any program may have written the file.
static double read_setting_or_default(const json_t *settings, const char *key, double otherwise)
{
    const json_t *value = json_object_get(settings, key);
    const double number = json_is_number(value) ? json_number_value(value) : otherwise;
    return number > 0.0 && number < 1e3 ? number : otherwise;
}

// How the expert steers back: errors decay like a critically damped spring of rate r, so that from
// d further right and p more to the right it wants 2 r p + r^2 / v (d + v T p) more turn rate, T
// being the delay that it looks through; its turn rate follows what it wants at rate k, which takes
// k / gain of the difference of the duty cycles (src/sim/expert/expert.c). The settings are those
// that the dataset was collected with; what they lack has its default.
static void derive_label_correction(imp_augmenter *a, const imp_dataset_info *info)
{
    const imp_expert_def usual = imp_default_expert_def();
    const imp_drive_def drive = imp_default_drive_def();
    json_t *settings = json_loads(info->settings, 0, NULL);
    const double rate = read_setting_or_default(settings, "tracking-rate", usual.tracking_rate);
    const double follow = read_setting_or_default(settings, "turning-rate", usual.turn_rate_gain);
    const double speed = read_setting_or_default(settings, "speed", usual.speed);
    // per unit of turn rate, how far the right wheel must exceed the left
    const double duty = follow / imp_drive_turn_acceleration_gain(&drive);
    json_decref(settings);
    a->steer_shift = duty * rate * rate / speed;
    a->steer_turn = duty * (2.0 * rate + rate * rate * drive.delay);
}

// Fills the table with normal values times 32, clipped to a byte. All images share it, because
// drawing a normal value for every byte of an image is costly.
static imp_status create_noise_table(imp_augmenter *a, imp_error *err)
{
    a->noise = malloc(IMP_NOISE_TABLE_SIZE);
    if (a->noise == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for noise");
    imp_random random = imp_random_stream(0, 0, 0, IMP_PURPOSE_AUGMENTATION);
    for (int k = 0; k < IMP_NOISE_TABLE_SIZE; k++)
        a->noise[k] = (int8_t)lround(fmax(-127.0, fmin(127.0, 32.0 * imp_random_normal(&random))));
    return IMP_OK;
}

// The flow of a moving camera is only computed if images are shifted or turned.
imp_status imp_augmenter_create(imp_augmenter **out, const imp_augment *def,
                                const imp_dataset_info *info, imp_error *err)
{
    if (strcmp(info->observation, imp_observation_kind_name(IMP_OBSERVATION_IMAGE)) != 0)
        return imp_fail(err, IMP_USAGE, "only images can be augmented, the dataset has %s",
                        info->observation);
    imp_augmenter *a = calloc(1, sizeof *a);
    if (a == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to augment");
    a->def = *def;
    a->width = info->width;
    a->height = info->height;
    derive_label_correction(a, info);
    imp_status status = create_noise_table(a, err);
    if (status == IMP_OK && (def->shift > 0.0 || def->turn > 0.0))
        status = imp_camera_flow_create(&a->flow, info->width, info->height, info->lens, err);
    if (status != IMP_OK) {
        imp_augmenter_destroy(a);
        return status;
    }
    *out = a;
    return IMP_OK;
}

void imp_augmenter_destroy(imp_augmenter *augmenter)
{
    if (augmenter == NULL)
        return;
    free(augmenter->flow.shift_x);
    free(augmenter->noise);
    free(augmenter);
}

// A uniform value between -strength and strength.
static double random_plus_minus(imp_random *random, double strength)
{
    return imp_random_uniform(random, -strength, strength);
}

// True with probability 1 / times.
static bool draw_true_once_in(int times, imp_random *random)
{
    return imp_random_uniform_int(random, (uint32_t)times) == 0;
}

// Contrast about the middle, brightness as a bend that leaves black and white where they are, then
// each colour by itself. The curve of a channel is y = bias + x (slope + x * curvature), with x
// from 0 to 255. Brightness b alone gives y = x (1 + 2 b) - 2 b x^2 / 255.
static void sample_tone_curve(imp_augment_params *out, const imp_augment *def, imp_random *random)
{
    const double bright = random_plus_minus(random, def->brightness),
                 contrast = random_plus_minus(random, def->contrast);
    for (int c = 0; c < 3; c++) {
        const double gain = 1.0 + random_plus_minus(random, def->colour);
        // contrast turns the line about the middle, 127.5; brightness bends it
        out->bias[c] = (float)(gain * -127.5 * contrast);
        out->slope[c] = (float)(gain * (1.0 + contrast + 2.0 * bright));
        out->curvature[c] = (float)(gain * -2.0 * bright / 255.0);
    }
}

// Draws a rectangle and its grey value (DeVries & Taylor 2017). `part` is the largest share of each
// side.
static void sample_cut_out(imp_augment_params *out, const imp_augmenter *a, imp_random *random)
{
    const double part = a->def.cut_out;
    const int width = 1 + (int)(imp_random_uniform(random, 0.0, part) * (a->width - 1));
    const int height = 1 + (int)(imp_random_uniform(random, 0.0, part) * (a->height - 1));
    out->left = (int)imp_random_uniform_int(random, (uint32_t)(a->width - width + 1));
    out->top = (int)imp_random_uniform_int(random, (uint32_t)(a->height - height + 1));
    out->right = out->left + width;
    out->bottom = out->top + height;
    out->fill_value = (uint8_t)imp_random_uniform_int(random, 256);
}

// A kind with strength 0 draws its values too, so that other kinds do not change with it. Blur and
// cut-out happen to half of the samples, motion to a quarter.
void imp_augment_sample_params(imp_augment_params *out, const imp_augmenter *augmenter,
                               imp_random *random)
{
    const imp_augment *def = &augmenter->def;
    // the order of draws is fixed: an insertion would change all samples after it
    *out =
        (imp_augment_params){.noise_offset = imp_random_uniform_int(random, IMP_NOISE_TABLE_SIZE)};
    sample_tone_curve(out, def, random);
    out->noise = (float)(imp_random_uniform(random, 0.0, def->noise) / 32.0);
    if (draw_true_once_in(2, random))
        out->blur = (int)(256.0 * imp_random_uniform(random, 0.0, def->blur));
    if (draw_true_once_in(4, random)) {
        out->shift = (float)random_plus_minus(random, def->shift);
        out->turn = (float)random_plus_minus(random, def->turn);
    }
    if (draw_true_once_in(2, random) && def->cut_out > 0.0)
        sample_cut_out(out, augmenter, random);
}

// A positive correction turns to the left: the right wheel gets faster, the left one slower by as
// much.
void imp_augment_correct_label(const imp_augmenter *augmenter, const imp_augment_params *draw,
                               float duty[2])
{
    const double steer =
        augmenter->steer_shift * (double)draw->shift + augmenter->steer_turn * (double)draw->turn;
    if (steer == 0.0)
        return;
    const imp_action action = imp_action_clip((imp_action){
        (double)duty[0] - 0.5 * steer,
        (double)duty[1] + 0.5 * steer,
    });
    duty[0] = (float)action.left;
    duty[1] = (float)action.right;
}
