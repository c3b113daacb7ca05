/// imprint/report.h: images of results: line plots, maps, trajectories over a map, contact sheets
/// of observations, animations; and logs for TensorBoard. Colours are distinguishable for
/// colour-blind readers. Every file is written atomically.
#ifndef IMPRINT_REPORT_H
#define IMPRINT_REPORT_H

#include "imprint/render.h"
#include "imprint/route.h"

IMP_API_BEGIN

/// One line of a plot. Points that are not finite, or not positive on a logarithmic axis, leave a
/// gap. Everything is borrowed.
typedef struct imp_plot_series {
    const char *name; ///< for the legend; NULL: not in it
    const double *x;  ///< (count), in drawing order
    const double *y;  ///< (count)
    int count;
} imp_plot_series;

/// Settings of a plot. Obtain with imp_default_plot_def(), then change fields. Strings are
/// borrowed.
typedef struct imp_plot_def {
    const char *title;   ///< nullable
    const char *x_label; ///< nullable
    const char *y_label; ///< nullable
    bool log_y;          ///< logarithmic y axis; false
    double x_min;        ///< range of the x axis, if this is below x_max; else from the data
    double x_max;        ///< 0
    double y_min;        ///< range of a linear y axis, if this is below y_max; else from the data
    double y_max;        ///< 0
    bool integer_x;      ///< x counts something: ticks at whole numbers only; false
    int scatter_count;   ///< the first scatter_count series are points without lines; 0
    int width, height;   ///< [px], 200..4000; 720 x 420
    int cookie;
} imp_plot_def;

imp_plot_def imp_default_plot_def(void);

/// Draws a line plot as SVG text; *length does not count its final 0. The caller frees *out. Fails
/// with IMP_BAD_INPUT if there is no point to draw.
imp_status imp_plot_svg(char **out, size_t *length, const imp_plot_def *def,
                        const imp_plot_series *series, int count, imp_error *err);

/// Writes the plot to a file: as PNG if its name ends with ".png", else as SVG.
imp_status imp_plot_write(const char *path, const imp_plot_def *def, const imp_plot_series *series,
                          int count, imp_error *err);

/// One of several plots in a file. Borrowed.
typedef struct imp_plot_panel {
    const imp_plot_def *def;
    const imp_plot_series *series;
    int count;
} imp_plot_panel;

/// Draws up to 8 plots, one below the other, into one SVG file. Each must have a point to draw.
imp_status imp_plot_write_panels(const char *path, const imp_plot_panel *panels, int count,
                                 imp_error *err);

/// The trajectory of a robot in one episode. Borrowed.
typedef struct imp_trajectory {
    const imp_pose *poses; ///< (count)
    int count;
    const char
        *end_reason; ///< what ended it early, marked by a cross and named in the legend; or NULL
    bool stalled;    ///< marked by a ring where it ends
} imp_trajectory;

/// The trajectories of one policy, drawn into one panel in one colour. Borrowed.
typedef struct imp_trajectory_panel {
    const char *title; ///< UTF-8, cut off at the panel's width; letters beyond ASCII are boxes
    const imp_trajectory *trajectories;
    int count;
} imp_trajectory_panel;

/// Draws panels side by side as PNG, each a pale map from above with trajectories on it: a dot
/// where one starts, a cross where one ended early, a ring where one stalled; below them a legend
/// that names what ended them. panel_size is the longer side of a map
/// [px], 64..4000. scene must be the scene of world.
imp_status imp_trajectory_plot_write(const char *path, const imp_world *world,
                                     const imp_scene *scene, const imp_trajectory_panel *panels,
                                     int count, int panel_size, imp_error *err);

/// A value at a place of a map.
typedef struct imp_map_value {
    double x, z; ///< [m]
    double value;
} imp_map_value;

/// Settings of a map image. Obtain with imp_default_map_image_def(), then change fields.
typedef struct imp_map_image_def {
    int width, height; ///< of the whole image [px], 320 x 240 to 8192 x 8192; 0: chosen by the map
    bool lanes;        ///< lane curves with their directions; true
    bool objects;      ///< footprints, names and paths of objects, and their legend; true
    /// A route on the map, with a letter for each command; borrowed; NULL: none.
    const imp_route_plan *route;
    /// Values as dots over the map, larger ones above the others; borrowed; NULL: none.
    const imp_map_value *values; ///< (value_count)
    int value_count;
    double value_max;       ///< of the scale of colours, which begins at 0; above 0
    const char *value_name; ///< for the legend, with the unit
    int cookie;             ///< set by imp_default_map_image_def()
} imp_map_image_def;

imp_map_image_def imp_default_map_image_def(void);

/// Draws a map from above as SVG text: tiles, edges of the road, lanes, start, route, objects,
/// numbers of tiles, a scale and a legend. *length does not count the final 0; the caller frees
/// *out. Fails with IMP_USAGE if the definition is out of range.
imp_status imp_map_image_svg(char **out, size_t *length, const imp_world *world,
                             const imp_map_image_def *def, imp_error *err);

/// Writes a map image to a file: as SVG, or as PNG over the renderer's image from above. The name
/// must end with ".svg" or ".png"; else it fails with IMP_USAGE.
imp_status imp_map_image_write(const char *path, const imp_world *world,
                               const imp_map_image_def *def, imp_error *err);

/// Content of a contact sheet.
typedef struct imp_contact_sheet {
    const uint8_t *frames; ///< (count x height x width x 3) RGB
    const float *actions;  ///< nullable: (count x 2) duty cycles in [-1, 1]: left, right
    int count;
    int width, height; ///< of a frame [px]
    int columns;       ///< frames in a row
    int scale;         ///< whole number that frames are enlarged by, 1..16
} imp_contact_sheet;

/// Draws frames row by row as PNG. Under each frame two bars grow from its middle outwards, to the
/// left for the left wheel and to the right for the right one: equal bars drive straight, the
/// longer bar is the outer wheel of a turn. Bars of wheels that turn backwards have the other
/// colour.
imp_status imp_contact_sheet_write(const char *path, const imp_contact_sheet *strip,
                                   imp_error *err);

/// An animation as PNG (APNG), which browsers play.
typedef struct imp_animation imp_animation;

/// Creates an animation with frames of width x height pixels, shown for frame_time [s] each and
/// repeated without end. Destroy it with imp_animation_destroy(). Fails with IMP_USAGE on sizes out
/// of 1..8192.
imp_status imp_animation_create(imp_animation **out, int width, int height, double frame_time,
                                imp_error *err);
void imp_animation_destroy(imp_animation *animation); ///< nullable

/// Adds a frame (height x width x 3) in RGB bytes; it is kept compressed in memory.
imp_status imp_animation_add_frame(imp_animation *animation, const uint8_t *rgb, imp_error *err);

/// Writes the frames added so far. IMP_USAGE if there are none.
imp_status imp_animation_write(imp_animation *animation, const char *path, imp_error *err);

/// A log that TensorBoard reads: records with checksums that are appended to one file
/// (events.out.tfevents.TIME.imprint). Events are kept in memory until they are flushed. The file
/// of a killed run is readable up to its last whole record.
typedef struct imp_tensorboard imp_tensorboard;

/// Starts a new log beside existing ones in a folder. first_step: TensorBoard discards events of
/// earlier logs from this step on, because a resumed run repeats them. Destroy it with
/// imp_tensorboard_destroy(), which does not flush.
imp_status imp_tensorboard_open(imp_tensorboard **out, const char *folder, int64_t first_step,
                                imp_error *err);
void imp_tensorboard_destroy(imp_tensorboard *events); ///< nullable

/// Adds a number.
void imp_tensorboard_add_scalar(imp_tensorboard *events, int64_t step, const char *tag,
                                double value);
/// Adds an image (height x width x 3) in RGB bytes.
void imp_tensorboard_add_image(imp_tensorboard *events, int64_t step, const char *tag, int width,
                               int height, const uint8_t *rgb);
/// Adds a histogram of values; values that are not finite are ignored.
void imp_tensorboard_add_histogram(imp_tensorboard *events, int64_t step, const char *tag,
                                   const float *values, size_t count);
/// Writes the events added since the last flush. IMP_NO_MEMORY also if an event could not be added.
imp_status imp_tensorboard_flush(imp_tensorboard *events, imp_error *err);

IMP_API_END

#endif
