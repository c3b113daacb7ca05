// evaluate/evaluation_report/eval_report.h: interface between the files that write the report of an
// evaluation.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_EVAL_REPORT_H
#define IMP_EVALUATE_EVALUATION_REPORT_EVAL_REPORT_H

#include "evaluate/report/report_formats/html_page.h"
#include "imprint/evaluate.h"

// Limits of the report. There are as many policies in plots as distinguishable colours.
enum {
    IMP_SHOWN_POLICIES = 6,
    // size of all plots of the report [px]
    IMP_REPORT_PLOT_WIDTH = 600,
    IMP_REPORT_PLOT_HEIGHT = 380,
    IMP_SHOWN_MAPS = 32,
    IMP_SHOWN_WORST = 3,
    IMP_FILMSTRIP_FRAMES = 12,
    IMP_SALIENCY_FRAMES = 6
};

// Images of a bad episode.
typedef struct imp_filmstrip {
    char image[64]; // name of the file; "" if there is none
    char caption[256];
} imp_filmstrip;

// Image files beside the page, which also embeds them.
typedef struct imp_eval_images {
    int trajectory_count;
    char trajectories[IMP_SHOWN_MAPS][64];
    char maps[IMP_SHOWN_MAPS][64];
    imp_filmstrip filmstrips[IMP_SHOWN_POLICIES][IMP_SHOWN_WORST];
    const char *simulator;                 // name of a page that has the worst episodes; nullable
    char saliency[IMP_SHOWN_POLICIES][64]; // "" if the policy is not a network that takes images
} imp_eval_images;

// Number of policies shown in plots and images.
int imp_eval_shown_policies(const imp_eval_report_def *def);
// Writes episodes.csv.
imp_status imp_eval_write_episode_table(const imp_eval_report_def *def, imp_error *err);
// Writes all images, and the poses of the worst episodes.
imp_status imp_eval_write_images(imp_eval_images *images, const imp_eval_report_def *def,
                                 const imp_monitor *monitor, imp_error *err);
// Writes a drive into the folder, with a note of what it shows. Without a drive or a step, nothing.
imp_status imp_report_write_drive(const char *folder, const char *name, imp_demonstration *drive,
                                  const char *note, imp_error *err);
// Adds links to a policy's worst episode number `rank`, both from 0: a page that opens it, its
// video (each nullable: there is none), and its drive.
void imp_report_add_episode_links(imp_html_page *page, const char *simulator,
                                  const char *video_extension, int policy, int rank);
// Adds plots to a page.
imp_status imp_eval_write_plots(imp_html_page *page, const imp_eval_report_def *def,
                                imp_error *err);

// Adds the robustness section, if the report has one.
imp_status imp_eval_write_robustness(imp_html_page *page, const imp_eval_report_def *def,
                                     imp_error *err);

// Writes why episodes failed, if that is known.
void imp_eval_write_failures(imp_html_page *page, const imp_eval_report_def *def);

// Occlusion saliency (Zeiler and Fergus, ECCV 2014). heat (height x width) is the change of the
// steering when a patch around a pixel is replaced by its mean colour. Steering is right minus left
// duty cycle, or the turn rate; a patch is a tenth of the image's width. The patch covers the same
// place in all frames of the history. The inference must have batch size 1.
typedef struct imp_saliency_def {
    imp_inference *inference;
    int frames;                  // frames of its input
    const uint8_t *input_frames; // (frames x height x width x 3)
    const float *input_values;   // as in imp_inference_run()
    int width, height;
    imp_output_kind head;
} imp_saliency_def;

imp_status imp_saliency_compute(float *heat, const imp_saliency_def *def, imp_error *err);
// Draws the image in dark grey, with a glow that is proportional to the heat.
void imp_saliency_overlay(uint8_t *out, const uint8_t *rgb, const float *heat, size_t pixels);

#endif
