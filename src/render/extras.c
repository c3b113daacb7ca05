// What a view adds to a world's objects: clutter that means nothing, and the LEDs of duckiebots.
#include <math.h>
#include <stdlib.h>

#include "render/objects.h"

bool imp_extras_create(imp_props *props)
{
    imp_modeller *modeller = malloc(sizeof *modeller);
    if (modeller == NULL)
        return false;
    imp_model_begin(modeller, false);
    modeller->colour = IMP_RGB(255, 255, 255);
    imp_model_box(modeller, -0.5f, 0.0f, -0.5f, 0.5f, 1.0f, 0.5f);
    bool made = imp_model_finish(modeller, NULL, &props->box);
    imp_model_begin(modeller, false);
    modeller->colour = IMP_RGB(255, 255, 255);
    imp_model_ellipsoid(modeller, 1.0f, 1.0f, 1.0f, 8);
    made = imp_model_finish(modeller, NULL, &props->ball) && made;
    free(modeller);
    return made;
}

// Whether any of a ball may be seen; what is not a number is not.
static bool is_in_sight(const imp_sight *sight, const imp_eye *eye, const double at[3],
                        float radius)
{
    float p[3];
    for (int i = 0; i < 3; i++) {
        double sum = 0.0;
        for (int k = 0; k < 3; k++)
            sum += eye->axis[i][k] * (at[k] - eye->at[k]);
        p[i] = (float)sum;
    }
    if (!(p[2] + radius > eye->nearest && radius < 1e3f))
        return false;
    for (int k = 0; k < 2; k++) {
        const float low = sight->low[k], high = sight->high[k];
        if (!(p[k] - high * p[2] < radius * sqrtf(1.0f + high * high)) ||
            !(low * p[2] - p[k] < radius * sqrtf(1.0f + low * low)))
            return false;
    }
    return true;
}

bool imp_clutter_draw(imp_object_pass *pass, const imp_props *props, const imp_eye *eye,
                      const imp_view *view)
{
    bool drawn = false;
    for (int n = 0; view->clutter != NULL && n < view->clutter_count && n < IMP_CLUTTER_MAX; n++) {
        const imp_clutter *box = &view->clutter[n];
        const imp_stance at = {
            {box->position.x, 0.0, box->position.z},
            {.cosine = (float)cos(box->heading), .sine = (float)sin(box->heading), .scale = 1.0f}};
        const double middle[3] = {at.at[0], 0.5 * (double)box->size[1], at.at[2]};
        const float *size = box->size;
        const float radius =
            0.5f * sqrtf(size[0] * size[0] + size[1] * size[1] + size[2] * size[2]);
        if (!is_in_sight(&pass->sight, eye, middle, radius))
            continue;
        for (int c = 0; c < 3; c++)
            pass->tint[c] = box->colour[c];
        const imp_placement placed = imp_objects_place(props, eye, view, &at, size);
        imp_objects_draw_mesh(pass, props, &props->box, &placed, eye->nearest);
        drawn = true;
    }
    return drawn;
}

void imp_leds_draw(imp_object_pass *pass, const imp_props *props, const imp_object *object,
                   const imp_eye *eye, const imp_view *view, const imp_stance *at,
                   const float colours[IMP_LEDS][3])
{
    // as shares of a duckiebot's extents, a little outside of its bumpers
    static const float PLACES[IMP_LEDS][2] = {
        {1.0f, -0.68f}, {1.0f, 0.68f}, {1.0f, 0.0f}, {-1.0f, -0.68f}, {-1.0f, 0.68f}};
    const float high = 0.05f, radius = 0.007f;
    const imp_object_class *extents = imp_object_class_of(object->kind);
    const double scale = at->prop.scale, cosine = at->prop.cosine, sine = at->prop.sine;
    for (int k = 0; k < IMP_LEDS; k++) {
        const float *colour = colours[k];
        // in this order what is not a number is off
        if (!(colour[0] + colour[1] + colour[2] > 0.0f))
            continue;
        const double ahead = scale * (double)PLACES[k][0] * extents->max_x;
        const double right = scale * (double)PLACES[k][1] * extents->max_z;
        imp_stance led = *at;
        led.at[0] += ahead * cosine + right * sine;
        led.at[1] += scale * (double)high;
        led.at[2] += right * cosine - ahead * sine;
        const float wide = (float)(scale * (double)radius), size[3] = {wide, wide, wide};
        imp_placement placed = imp_objects_place(props, eye, view, &led, size);
        // it shines by itself
        placed.ambient = placed.full = 1.0f;
        placed.diffuse = 0.0f;
        for (int c = 0; c < 3; c++)
            pass->tint[c] = colour[c];
        imp_objects_draw_mesh(pass, props, &props->ball, &placed, eye->nearest);
    }
}
