// How like gym-duckietown's recorded images ours are, drawn with its own assets: structural
// similarity and mean absolute difference of each, plain and through the lens.
// usage: ninja -C build/release assets_similarity && build/release/tests/assets_similarity [FOLDER]
// With a folder, writes theirs above ours above what differs (similarity 1 is black) there.
#include "sim/render/reference_images.h"

static void write_comparison_image(const char *folder, const char *name, bool lens,
                                   const uint8_t *theirs, const uint8_t *ours, const float *each)
{
    char path[4096];
    uint8_t *all = malloc((size_t)3 * REC_PIXELS * 3);
    if (all == NULL)
        return;
    memcpy(all, theirs, (size_t)REC_PIXELS * 3);
    memcpy(all + (size_t)REC_PIXELS * 3, ours, (size_t)REC_PIXELS * 3);
    for (int k = 0; k < REC_PIXELS; k++) {
        const float unlike = 255.0f * fminf(fmaxf(1.0f - each[k], 0.0f), 1.0f);
        memset(all + ((size_t)2 * REC_PIXELS + (size_t)k) * 3, (int)unlike, 3);
    }
    snprintf(path, sizeof path, "%s/%s%s.png", folder, name, lens ? "_dist" : "");
    imp_error err = {0};
    if (imp_png_write(path, REC_WIDTH, 3 * REC_HEIGHT, all, &err) != IMP_OK)
        fprintf(stderr, "%s\n", err.message);
    free(all);
}

// Prints a image's figures and adds them to sums; false on failure.
static bool compare_recording(const char *name, bool lens, const imp_assets *assets,
                              const char *folder, double sums[2])
{
    static recording r;
    imp_error err = {0};
    imp_camera_def camera = imp_default_camera_def();
    camera.width = REC_WIDTH;
    camera.height = REC_HEIGHT;
    if (!lens)
        camera.lens = imp_lens_none();
    uint8_t *ours = NULL, *theirs = reference_image_load(name, lens);
    float *each = malloc(sizeof *each * REC_PIXELS);
    const bool drawn = theirs != NULL && each != NULL && reference_pose_load(&r, name, &camera) &&
                       reference_pose_render(&ours, &r, assets, &camera, &err) == IMP_OK;
    if (drawn) {
        const double alike = reference_similarity(theirs, ours, each);
        const double off = reference_difference(theirs, ours);
        printf("  %.3f %5.2f", alike, off);
        sums[0] += alike;
        sums[1] += off;
        if (folder != NULL)
            write_comparison_image(folder, name, lens, theirs, ours, each);
    } else {
        fprintf(stderr, "%s: %s\n", name, err.message);
    }
    free(each);
    free(ours);
    free(theirs);
    return drawn;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_assets *assets = NULL;
    if (!reference_images_exist()) {
        fprintf(stderr, "no recorded images and assets beside the project\n");
        return 1;
    }
    if (imp_assets_open(&assets, IMP_SHARED "/reference-assets", "photos", &err) != IMP_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    double sums[2][2] = {{0}};
    bool good = true;
    printf("%-20s  plain: SSIM, difference; lens: SSIM, difference\n", "picture");
    for (int k = 0; k < REC_COUNT && good; k++) {
        printf("%-20s", REC_NAMES[k]);
        for (int lens = 0; lens < 2 && good; lens++)
            good = compare_recording(REC_NAMES[k], lens != 0, assets, argc > 1 ? argv[1] : NULL,
                                     sums[lens]);
        printf("\n");
    }
    printf("%-20s", "mean");
    for (int lens = 0; lens < 2; lens++)
        printf("  %.3f %5.2f", sums[lens][0] / REC_COUNT, sums[lens][1] / REC_COUNT);
    printf("\n");
    imp_assets_close(assets);
    return good ? 0 : 1;
}
