// Collecting through a segmenter: what is recorded is what it finds in the images of the same
// drives.
#include "learn/learn_fixture.h"

#include "imprint/segmentation.h"
#include "nn/segmentation/segmenter_layout.h"

// A segmenter with random weights, for images of a camera.
static char *write_segmenter(const char *name, const imp_camera_def *camera, uint64_t seed)
{
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    char classes[256], metadata[320], *path = path_of(name);
    strcpy(def.architecture, "segmenter");
    def.width = camera->width;
    def.height = camera->height;
    def.outputs = 0;
    assert_ok(imp_network_create(&network, &def, seed, &err), err);
    imp_class_join_names(classes, sizeof classes);
    snprintf(metadata, sizeof metadata, "{\"purpose\": \"segmenter\", \"classes\": \"%s\"}",
             classes);
    assert_ok(imp_network_save(network, path, metadata, &err), err);
    imp_network_destroy(network);
    return path;
}

// What a segmenter finds in the images of one dataset is what the other holds.
static void assert_masks_of_images(const char *images, const char *masks, const char *model)
{
    imp_error err = {0};
    imp_network *network;
    imp_segmenter *segmenter;
    imp_dataset *from, *to;
    static uint8_t mask[SMALL_WIDTH * 32 * 3];
    assert_ok(imp_segmenter_load(&network, model, &err), err);
    assert_ok(imp_segmenter_create(&segmenter, network, &err), err);
    assert_ok(imp_dataset_open(&from, images, &err), err);
    assert_ok(imp_dataset_open(&to, masks, &err), err);
    assert_string_equal(imp_dataset_get_info(to)->observation, "segments");
    assert_int_equal(imp_dataset_episode_count(to), imp_dataset_episode_count(from));
    for (int e = 0; e < imp_dataset_episode_count(to); e++) {
        const imp_episode *image = imp_dataset_episode(from, e),
                          *found = imp_dataset_episode(to, e);
        assert_int_equal(found->steps, image->steps);
        // the last state's, too
        for (size_t k = 0; k <= (size_t)found->steps; k++) {
            imp_segmenter_run_to_rgb(segmenter, image->observations + k * sizeof mask, mask);
            assert_memory_equal(mask, found->observations + k * sizeof mask, sizeof mask);
        }
    }
    imp_dataset_close(to);
    imp_dataset_close(from);
    imp_segmenter_destroy(segmenter);
    imp_network_destroy(network);
}

static void segmenter_finds_recorded_masks(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_collect_summary summary;
    imp_collect_def def = small_collect(5, 8);
    def.sim.camera.height = 32; // a segmenter's cells are 4 x 4
    char *model = write_segmenter("model", &def.sim.camera, 1);
    char *images = path_of("images"), *masks = path_of("masks"), *alone = path_of("alone");
    collect(images, &def);
    def.sim.observation = IMP_OBSERVATION_SEGMENTATION;
    def.segmenter = model;
    collect(masks, &def);
    assert_masks_of_images(images, masks, model);
    def.sim.threads = 1;
    collect(alone, &def);
    assert_same_folders(masks, alone);
    // a dataset is continued with the same segmenter only, wherever its file is
    char *same = write_segmenter("same", &def.sim.camera, 1);
    char *other = write_segmenter("other", &def.sim.camera, 2);
    def.resume = true;
    def.episodes = 6;
    def.segmenter = other;
    assert_int_equal(imp_collect(&summary, masks, &def, NULL, &err), IMP_USAGE);
    def.segmenter = same;
    assert_ok(imp_collect(&summary, masks, &def, NULL, &err), err);
    assert_int_equal(summary.episodes, 1);
    // neither images nor a camera of another size
    def.resume = false;
    def.sim.observation = IMP_OBSERVATION_IMAGE;
    assert_int_equal(imp_collect(&summary, in_folder("none"), &def, NULL, &err), IMP_USAGE);
    def.sim.observation = IMP_OBSERVATION_SEGMENTATION;
    def.sim.camera.height = 30;
    assert_int_equal(imp_collect(&summary, in_folder("none"), &def, NULL, &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "40 x 32"));
    assert_int_not_equal(access(in_folder("none"), F_OK), 0);
    free(other);
    free(same);
    free(alone);
    free(masks);
    free(images);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(segmenter_finds_recorded_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
