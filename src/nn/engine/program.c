// What builders of programs share: failures, arrays, calls.
// After the first failure all functions do nothing, so that builders need not check every step;
// e->status holds the failure.
#include "nn/engine/program.h"

#include "nn/kernels/aligned_floats.h"

#include <stdlib.h>
#include <string.h>

// Keeps the first failure; later ones are consequences.
static void fail_out_of_memory(imp_executor *e)
{
    if (e->status == IMP_OK)
        e->status =
            imp_fail(e->err, IMP_NO_MEMORY, "out of memory for layer %s: use a smaller batch",
                     e->def.graph->nodes[e->building].name);
}

// Adds a block of whole huge pages. The rest of the block before it is lost.
static bool arena_open_new_block(imp_float_arena *arena, size_t bytes)
{
    static const size_t HUGE_PAGE = (size_t)2 << 20;
    const size_t capacity = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char **blocks = realloc(arena->blocks, (size_t)(arena->count + 1) * sizeof *blocks);
    if (blocks == NULL)
        return false;
    arena->blocks = blocks;
    char *block = (void *)imp_floats_alloc(capacity / sizeof(float));
    if (block == NULL)
        return false;
    blocks[arena->count++] = block;
    arena->used = 0;
    arena->capacity = capacity;
    return true;
}

float *imp_build_alloc_floats(imp_executor *e, size_t count)
{
    // kernels may read one block of channels beyond the end
    static const size_t LINE = 64, BEHIND = IMP_CHANNEL_BLOCK * sizeof(float);
    imp_float_arena *arena = &e->arena;
    const size_t bytes = (count * sizeof(float) + LINE - 1) / LINE * LINE + BEHIND;
    if (e->status != IMP_OK)
        return NULL;
    if (bytes > arena->capacity - arena->used && !arena_open_new_block(arena, bytes)) {
        fail_out_of_memory(e);
        return NULL;
    }
    char *floats = arena->blocks[arena->count - 1] + arena->used;
    arena->used += bytes;
    return (float *)(void *)floats;
}

void imp_float_arena_free(imp_float_arena *arena)
{
    for (int i = 0; i < arena->count; i++)
        free(arena->blocks[i]);
    free(arena->blocks);
}

imp_image_view imp_build_alloc_images(imp_executor *e, const imp_image_size *size,
                                      const imp_image_border *border)
{
    const size_t pixel = size->channels;
    const size_t row = (border->left + size->width + border->right) * pixel;
    const size_t image = (border->top + size->height + border->bottom) * row;
    float *floats = imp_build_alloc_floats(e, (size_t)e->def.batch * image);
    if (floats == NULL)
        return (imp_image_view){0};
    return (imp_image_view){floats + border->top * row + border->left * pixel, image, row, pixel};
}

float *imp_build_find_tensor(imp_executor *e, imp_tensor_role role, float *array, int64_t first)
{
    const imp_tensor *tensor = imp_graph_find_tensor(e->def.graph, e->building, role);
    return array + (tensor->offset - first);
}

// Appends a zeroed call; the array grows by doubling.
imp_kernel_call *imp_build_append_call(imp_executor *e, imp_kernel_program *program,
                                       imp_kernel_call_kind kind)
{
    if (e->status != IMP_OK)
        return NULL;
    if (program->count == program->capacity) {
        const int capacity = program->capacity == 0 ? 32 : 2 * program->capacity;
        imp_kernel_call *grown = realloc(program->calls, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            fail_out_of_memory(e);
            return NULL;
        }
        program->calls = grown;
        program->capacity = capacity;
    }
    imp_kernel_call *call = &program->calls[program->count++];
    memset(call, 0, sizeof *call);
    call->kind = kind;
    call->node = e->building;
    return call;
}

void imp_build_append_elementwise(imp_executor *e, imp_kernel_program *program,
                                  const imp_elementwise *description)
{
    imp_kernel_call *call = imp_build_append_call(e, program, IMP_CALL_elementwise);
    if (call != NULL)
        call->elementwise = *description;
}

void imp_build_append_copy(imp_executor *e, imp_kernel_program *program, imp_kernel_call_kind kind,
                           const imp_pixel_copy *copy)
{
    imp_kernel_call *call = imp_build_append_call(e, program, kind);
    if (call != NULL)
        call->copy = *copy;
}

void imp_build_packed_weights(imp_executor *e, imp_weight_packing *packing)
{
    packing->packed = imp_build_alloc_floats(e, imp_weight_packing_floats(packing));
    packing->plain = imp_build_find_tensor(e, IMP_TENSOR_WEIGHT, e->def.values, 0);
    imp_kernel_call *call = imp_build_append_call(e, &e->pack, IMP_CALL_PACK_WEIGHTS);
    if (call != NULL)
        call->packing = *packing;
}
