// render/objects.h: the objects of a scene, laid over a picture of the ground.
#ifndef IMP_RENDER_OBJECTS_H
#define IMP_RENDER_OBJECTS_H

#include "imprint/render.h"
#include "render/assets.h"
#include "render/models.h"
#include "render/raster.h"

// An object where the map places it, ready to be drawn.
typedef struct imp_prop {
    int model;
    float cosine, sine; // of the heading
    float scale;
} imp_prop;

// All that is drawn, constant and shared.
typedef struct imp_props {
    int count;
    imp_prop *props;                     // as many as the world's objects
    imp_mesh meshes[IMP_MODEL_COUNT][2]; // with few corners and with many; empty where not used
    imp_mesh box, ball; // of clutter and LEDs: a unit box on the ground, and a unit ball
    imp_face_picture faces[IMP_FACE_COUNT];
    const imp_asset_model *loaded[IMP_MODEL_COUNT]; // drawn instead; NULL: ours
    // brightness of what is turned away from the lamp, and what is added for what faces it
    float ambient, diffuse;
} imp_props;

imp_status imp_props_create(imp_props *props, const imp_world *world, const imp_assets *assets,
                            imp_error *err);
void imp_props_free(imp_props *props);

// The model that an object is drawn with in a state (nullable: as the map places it).
int imp_props_model(const imp_props *props, const imp_object *object,
                    const imp_object_state *state);

// Where a camera is and how its axes (right, down, ahead) lie in the world (x, y, z).
typedef struct imp_eye {
    double at[3];
    double axis[3][3];
    float nearest; // of anything drawn, ahead of it [m]
} imp_eye;

imp_eye imp_eye_of(const imp_camera_def *camera, imp_pose pose);

// An object that may be in sight.
typedef struct imp_sighting {
    float distance; // ahead [m]
    float pixels;   // of its radius
    int object;
} imp_sighting;

// From an object's own frame to the camera's, and its light.
typedef struct imp_placement {
    float axis[3][3], shift[3];
    float light[3];               // unit vector towards it, in the object's frame
    float ambient, diffuse, full; // brightness, with the picture's light
} imp_placement;

// What it takes to draw; one per thread.
typedef struct imp_object_pass {
    imp_sight sight;
    imp_raster raster;
    imp_raster_fill *fill;
    // vertices of the mesh under way, in camera coordinates, as rays and in the picture
    float x[IMP_MESH_MOST], y[IMP_MESH_MOST], z[IMP_MESH_MOST];
    float ray_x[IMP_MESH_MOST], ray_y[IMP_MESH_MOST];
    float pixel_x[IMP_MESH_MOST], pixel_y[IMP_MESH_MOST];
    float shade[IMP_MESH_MOST];
    int32_t inside[IMP_MESH_MOST]; // whether the ray can be projected
    float tint[3];                 // what the mesh's colours are multiplied by
    imp_sighting sightings[IMP_OBJECTS_MAX];
} imp_object_pass;

// Draws a mesh into the pass's samples.
void imp_objects_draw_mesh(imp_object_pass *pass, const imp_props *props, const imp_mesh *mesh,
                           const imp_placement *at, float nearest);

// Where an object stands in a view (x, y, z), and how.
typedef struct imp_stance {
    double at[3];
    imp_prop prop;
} imp_stance;

imp_stance imp_objects_stand(const imp_props *props, const imp_world *world, const imp_view *view,
                             int object);

// Places something of a size along each of its axes.
imp_placement imp_objects_place(const imp_props *props, const imp_eye *eye, const imp_view *view,
                                const imp_stance *at, const float size[3]);

// Draws a view's clutter, and the LEDs of an object that is in sight (extras.c). Whether anything
// was.
bool imp_clutter_draw(imp_object_pass *pass, const imp_props *props, const imp_eye *eye,
                      const imp_view *view);
void imp_leds_draw(imp_object_pass *pass, const imp_props *props, const imp_object *object,
                   const imp_eye *eye, const imp_view *view, const imp_stance *at,
                   const float colours[IMP_LEDS][3]);
bool imp_extras_create(imp_props *props);

// Draws what of the objects lies in the pass's raster over a picture (rows `stride` bytes apart).
void imp_objects_draw(imp_object_pass *pass, const imp_props *props, const imp_world *world,
                      const imp_eye *eye, const imp_view *view, uint8_t *picture, size_t stride);

#endif
