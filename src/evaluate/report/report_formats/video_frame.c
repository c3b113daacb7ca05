// Puts a frame of a video together. Views are drawn one at a time into one buffer, and copied to
// their places.
#include "evaluate/report/report_formats/video_frame.h"

#include <stdlib.h>

#include "base/common/try.h"
#include "evaluate/report/report_formats/video.h"
#include "imprint/render.h"

imp_status imp_video_frame_init(imp_video_frame *frame, int robots, int view_width, int view_height,
                                imp_error *err)
{
    const bool is_single = robots == 1;
    *frame =
        (imp_video_frame){.robots = robots, .view_width = view_width, .view_height = view_height};
    if (view_width < IMP_VIDEO_VIEW_MIN || view_height < IMP_VIDEO_VIEW_MIN ||
        view_width > IMP_VIDEO_VIEW_MAX || view_height > IMP_VIDEO_VIEW_MAX)
        return imp_fail(err, IMP_USAGE, "views of %d x %d pixels are not within %d to %d",
                        view_width, view_height, IMP_VIDEO_VIEW_MIN, IMP_VIDEO_VIEW_MAX);
    frame->column_width = is_single ? 2 * view_width : view_width;
    frame->line_height = imp_video_caption_height(view_height);
    frame->width = robots * frame->column_width;
    frame->height = (is_single ? 1 : 2) * view_height + frame->line_height;
    frame->view = malloc((size_t)view_width * (size_t)view_height * 3);
    frame->rgb = calloc((size_t)frame->width * (size_t)frame->height, 3);
    if (frame->view == NULL || frame->rgb == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a video");
    return imp_canvas_init(&frame->line, frame->column_width, frame->line_height, err);
}

void imp_video_frame_release(imp_video_frame *frame)
{
    imp_canvas_release(&frame->line);
    free(frame->rgb);
    free(frame->view);
    *frame = (imp_video_frame){0};
}

// Copies an image into the frame, below `top` rows: the index-th from the left of such a width.
static void copy_image_into_frame(const imp_video_frame *frame, int index, int top,
                                  const uint8_t *rgb, int width, int height)
{
    imp_video_copy_view(frame->rgb + (size_t)top * (size_t)frame->width * 3, frame->width, rgb,
                        width, height, index);
}

void imp_video_frame_draw_robot(imp_video_frame *frame, int index, const imp_video_robot *robot)
{
    const int width = frame->view_width, height = frame->view_height;
    const bool is_single = frame->robots == 1;
    const imp_env *env = robot->env;
    imp_render(robot->renderer, robot->scene, robot->view, frame->view);
    copy_image_into_frame(frame, index, 0, frame->view, width, height);
    imp_render_top_down_view(robot->scene, robot->view, width, height, frame->view);
    imp_draw_trajectory(env->world, width, height, robot->trail, robot->poses, frame->view);
    imp_draw_robot(env->world, width, height, env->pose, frame->view);
    copy_image_into_frame(frame, is_single ? 1 : index, is_single ? 0 : height, frame->view, width,
                          height);
    const imp_video_caption caption = {.time = env->frame * env->def.drive.time_step,
                                       .speed = env->speed,
                                       .left = robot->left,
                                       .right = robot->right,
                                       .driver = robot->remark};
    imp_video_caption_draw(&frame->line, &caption);
    copy_image_into_frame(frame, index, frame->height - frame->line_height, frame->line.rgb,
                          frame->column_width, frame->line_height);
}
