// render/faces.h: the pictures that are painted on objects: sign faces, windows, lamps.
#ifndef IMP_RENDER_FACES_H
#define IMP_RENDER_FACES_H

#include "imprint/world.h"

enum {
    IMP_FACE_OPEN = -2,
    IMP_FACE_NONE = -1,
    IMP_FACE_SIGN = 0, // and one for each imp_sign
    IMP_FACE_BUS_SIDE = IMP_SIGN_COUNT,
    IMP_FACE_BUS_FRONT,
    IMP_FACE_BUS_REAR,
    IMP_FACE_TRUCK_CAB,
    IMP_FACE_TRUCK_FRONT,
    IMP_FACE_TRUCK_SHIELD,
    IMP_FACE_TRUCK_REAR,
    IMP_FACE_WHEEL,
    IMP_FACE_BUILDING,
    IMP_FACE_HOUSE_FRONT,
    IMP_FACE_HOUSE_SIDE,
    IMP_FACE_STRIPES,
    IMP_FACE_CHECKERS,
    IMP_FACE_DOTS,
    IMP_FACE_LAMP_RED,
    IMP_FACE_LAMP_GREEN,
    IMP_FACE_COUNT,
    IMP_FACE_LEVELS = 8,
};

// A picture with its chain of halved levels. Texels are bytes, red lowest.
typedef struct imp_face_picture {
    int width, height, levels; // of level 0; powers of two
    bool repeats;              // beyond its borders; else they go on
    uint32_t *texels;          // NULL: not painted
    int32_t offset[IMP_FACE_LEVELS];
} imp_face_picture;

// Makes room for the levels of a picture whose size is set. False without memory.
bool imp_face_reserve(imp_face_picture *picture);

// Makes levels 1.. from level 0.
void imp_face_finish(imp_face_picture *picture);

// Paints a face. False without memory.
bool imp_face_paint(imp_face_picture *picture, int face);
void imp_face_free(imp_face_picture *picture);

#endif
