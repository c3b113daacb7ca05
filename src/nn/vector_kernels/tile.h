// nn/vector_kernels/tile.h: the tiles whose sums stay in registers: rows of one or two blocks of
// channels. A row is a pixel of a convolution, or a float of its input for the gradient by the
// weights. With 16 registers of 8 floats, 6 rows of 16 channels leave room for the operands; with
// 32 of 16 floats, 14 rows of 32 channels do.
#ifndef IMP_NN_VECTOR_KERNELS_TILE_H
#define IMP_NN_VECTOR_KERNELS_TILE_H

#include "nn/vector_kernels/vector.h"

// X(rows) for all numbers of rows, from 1 on.
#if IMP_VECTOR_LANES == 16
#define IMP_TILE_ROWS_MAP(X)                                                                       \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
enum { TILE_ROWS = 14, TILE_VECTORS = 2 };
#else
#define IMP_TILE_ROWS_MAP(X) X(1) X(2) X(3) X(4) X(5) X(6)
enum { TILE_ROWS = 6, TILE_VECTORS = BLOCK_VECTORS };
#endif

// Blocks of channels that a wide tile computes.
enum { TILE_BLOCKS = TILE_VECTORS / BLOCK_VECTORS };

#endif
