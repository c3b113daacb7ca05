// sim/render/raster/object_renderer.h: draws the objects of a scene over an image of the ground.
#ifndef IMP_SIM_RENDER_RASTER_OBJECT_RENDERER_H
#define IMP_SIM_RENDER_RASTER_OBJECT_RENDERER_H

#include "imprint/render.h"
#include "sim/render/assets/assets.h"
#include "sim/render/meshes/object_models.h"
#include "sim/render/raster/rasterizer.h"

// An object as the map places it.
typedef struct imp_object_instance {
    int model;
    float cosine, sine; // of the heading
    float scale;
} imp_object_instance;

// Meshes, textures and instances of a scene; constant and shared.
typedef struct imp_scene_objects {
    int count;
    imp_object_instance *objects;               // as many as the world's objects
    imp_mesh meshes[IMP_OBJECT_MODEL_COUNT][2]; // coarse and detailed version; empty if unused
    imp_mesh box, ball;   // for clutter and LEDs: a unit box on the ground, a unit ball
    imp_mesh panel, flat; // for rooms: a unit square that faces ahead, and one that faces up
    imp_mesh_texture decals[IMP_DECAL_COUNT];
    const imp_asset_model *loaded[IMP_OBJECT_MODEL_COUNT]; // asset model; NULL: ours
    // ambient brightness, and diffuse brightness of faces towards the lamp
    float ambient, diffuse;
} imp_scene_objects;

imp_status imp_scene_objects_create(imp_scene_objects *objects, const imp_world *world,
                                    const imp_assets *assets, imp_error *err);
void imp_scene_objects_free(imp_scene_objects *objects);

// The model of an object in a state (nullable: as the map places it).
int imp_scene_objects_model(const imp_scene_objects *objects, const imp_object *object,
                            const imp_object_state *state);

// Position of a camera and its axes (right, down, ahead) in the world (x, y, z).
typedef struct imp_camera_frame {
    double at[3];
    double axis[3][3];
    float nearest; // near plane [m]
} imp_camera_frame;

// The frame of a camera on a robot at a pose.
imp_camera_frame imp_camera_frame_at(const imp_camera_def *camera, imp_pose pose);

// An object that may be visible.
typedef struct imp_visible_object {
    float distance; // distance ahead [m]
    float pixels;   // radius in pixels
    int object;
} imp_visible_object;

// Transformation from an object's frame to the camera's, and its light.
typedef struct imp_object_transform {
    float axis[3][3], shift[3];
    float light[3];               // unit vector towards it, in the object's frame
    float ambient, diffuse, full; // brightness, with the image's light
} imp_object_transform;

// Scratch memory to draw objects; one per thread.
typedef struct imp_object_pass {
    imp_projection projection;
    imp_raster raster;
    imp_raster_fill *fill_triangle;
    imp_raster_resolve *resolve;
    // vertices of the present mesh in camera coordinates, as rays, and in the image
    float x[IMP_MESH_SIZE_MAX], y[IMP_MESH_SIZE_MAX], z[IMP_MESH_SIZE_MAX];
    float ray_x[IMP_MESH_SIZE_MAX], ray_y[IMP_MESH_SIZE_MAX];
    float pixel_x[IMP_MESH_SIZE_MAX], pixel_y[IMP_MESH_SIZE_MAX];
    float shade[IMP_MESH_SIZE_MAX];
    int32_t inside[IMP_MESH_SIZE_MAX]; // 1 if the vertex projects safely
    float tint[3];                     // colour factor of the mesh
    imp_visible_object visible_objects[IMP_OBJECTS_MAX];
} imp_object_pass;

// Draws a mesh into the samples of the pass.
void imp_objects_draw_mesh(imp_object_pass *pass, const imp_scene_objects *objects,
                           const imp_mesh *mesh, const imp_object_transform *at, float nearest);

// Position (x, y, z) and orientation of an object in a view.
typedef struct imp_object_placement {
    double at[3];
    imp_object_instance instance;
} imp_object_placement;

imp_object_placement imp_object_placement_of(const imp_scene_objects *objects,
                                             const imp_world *world, const imp_view *view,
                                             int object);

// The transformation of something with a size along each of its axes.
imp_object_transform imp_object_transform_of(const imp_scene_objects *objects,
                                             const imp_camera_frame *camera_frame,
                                             const imp_view *view, const imp_object_placement *at,
                                             const float size[3]);

// Draws a view's clutter, or the LEDs of a visible object (leds_clutter.c). imp_clutter_draw()
// returns whether any clutter was visible.
bool imp_clutter_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                      const imp_camera_frame *camera_frame, const imp_view *view);
void imp_leds_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                   const imp_object *object, const imp_camera_frame *camera_frame,
                   const imp_view *view, const imp_object_placement *at,
                   const float colours[IMP_LED_COUNT][3]);
bool imp_leds_clutter_create(imp_scene_objects *objects);

// Whether a sphere may be visible: against the near plane and the four planes of the projection's
// bounds. NaN counts as invisible.
bool imp_sphere_is_visible(const imp_projection *projection, const imp_camera_frame *camera_frame,
                           const double at[3], float radius);

// Draws a room, or of its parts only duckies or only the others (room_renderer.c). Returns whether
// any was visible.
typedef enum imp_room_selection {
    IMP_ROOM_ALL,
    IMP_ROOM_DUCKIES,
    IMP_ROOM_BACKGROUND
} imp_room_selection;
bool imp_room_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                   const imp_camera_frame *camera_frame, const imp_view *view,
                   imp_room_selection selection);
bool imp_room_meshes_create(imp_scene_objects *objects);

// Draws the objects within the pass's raster over an image (`stride` bytes per row).
void imp_objects_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                      const imp_world *world, const imp_camera_frame *camera_frame,
                      const imp_view *view, uint8_t *image, size_t stride);

#endif
