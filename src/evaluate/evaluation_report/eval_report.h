// evaluate/evaluation_report/eval_report.h: the report of an evaluation as the files that make it
// up share it.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_EVAL_REPORT_H
#define IMP_EVALUATE_EVALUATION_REPORT_EVAL_REPORT_H

#include "evaluate/report/report_formats/html_page.h"
#include "imprint/evaluate.h"

// As many policies as colours are apart in plots, and how much of each is shown.
enum {
    IMP_SHOWN_POLICIES = 6,
    IMP_SHOWN_MAPS = 32,
    IMP_SHOWN_WORST = 3,
    IMP_FILMSTRIP_FRAMES = 12,
    IMP_SALIENCY_FRAMES = 6
};

// What there is to see of a bad episode.
typedef struct imp_filmstrip {
    char image[64]; // name of the file; "" if there is none
    char caption[256];
} imp_filmstrip;

// Files beside the page, which takes up the pictures.
typedef struct imp_eval_images {
    int trajectory_count;
    char trajectories[IMP_SHOWN_MAPS][64];
    char maps[IMP_SHOWN_MAPS][64];
    imp_filmstrip filmstrips[IMP_SHOWN_POLICIES][IMP_SHOWN_WORST];
    char saliency[IMP_SHOWN_POLICIES][64]; // "" if it is none that looks
} imp_eval_images;

// How many policies are shown in plots and pictures.
int imp_eval_shown_policies(const imp_eval_report_def *def);
// Writes episodes.csv.
imp_status imp_eval_write_episode_table(const imp_eval_report_def *def, imp_error *err);
// Writes all pictures, and the poses of the worst episodes.
imp_status imp_eval_write_images(imp_eval_images *images, const imp_eval_report_def *def,
                                 const imp_monitor *monitor, imp_error *err);
// Adds plots to a page.
imp_status imp_eval_write_plots(imp_html_page *page, const imp_eval_report_def *def,
                                imp_error *err);

// Adds what breaks the policies, if the report is about that too.
imp_status imp_eval_write_robustness(imp_html_page *page, const imp_eval_report_def *def,
                                     imp_error *err);

// How much the steering, right minus left duty cycle or the turn rate, changes when what is around
// each pixel, a tenth of the picture's width, gives way to its mean colour: heat is (height x
// width). (Zeiler and Fergus, ECCV 2014.) The inference is of a batch of one. A network that sees
// several pictures misses the place in all of them.
typedef struct imp_saliency_def {
    imp_inference *inference;
    int frames;                  // pictures that it sees
    const uint8_t *input_frames; // (frames x height x width x 3)
    const float *input_actions;  // as in imp_inference_run()
    int width, height;
    imp_output_kind head;
} imp_saliency_def;

imp_status imp_saliency_compute(float *heat, const imp_saliency_def *def, imp_error *err);
// The picture in dark grey, glowing where it is hot; the hottest pixel glows fully.
void imp_saliency_overlay(uint8_t *out, const uint8_t *rgb, const float *heat, size_t pixels);

#endif
