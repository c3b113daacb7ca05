// The primitives of the program builder: failures, buffers, memories, calls, and conversions
// between layouts.
// After the first failure all functions do nothing, so that builders need not check every step;
// e->status holds the failure.
// Conversions that oneDNN does slowly (16-channel blocks, panels of dense weights) are done by our
// own kernels.
#include "nn/engine/program_builder.h"

#include "nn/kernels/aligned_floats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Keeps the first failure; later ones are consequences.
void imp_build_fail(imp_executor *e, imp_status status, const char *what)
{
    if (e->status != IMP_OK)
        return;
    // messages name the layer under construction
    e->status =
        imp_fail(e->err, status, "layer %s: %s", e->def.graph->nodes[e->building].name, what);
}

// Turns a oneDNN status into a failure. Returns true if all is well.
static bool fail_unless_dnnl_success(imp_executor *e, dnnl_status_t code, const char *what)
{
    if (code == dnnl_success)
        return e->status == IMP_OK;
    char text[120];
    snprintf(text, sizeof text, "oneDNN cannot %s (code %d)", what, (int)code);
    imp_build_fail(e, code == dnnl_out_of_memory ? IMP_NO_MEMORY : IMP_INTERNAL, text);
    return false;
}

// Creates a primitive descriptor and rejects reference kernels.
dnnl_primitive_desc_t imp_build_primitive_desc(imp_executor *e, const imp_dnnl_op *op)
{
    if (e->status != IMP_OK)
        return NULL;
    dnnl_primitive_desc_t primitive_desc = NULL;
    if (!fail_unless_dnnl_success(e, imp_dnnl_op_create_desc(&primitive_desc, op), "compute it"))
        return NULL;
    // the name tells which kernel oneDNN selected
    const char *name = "";
    dnnl_primitive_desc_query(primitive_desc, dnnl_query_impl_info_str, 0, &name);
    // oneDNN silently falls back to plain loops that are hundreds of times slower. On a processor
    // with optimised kernels that is a mistake in our layouts; elsewhere slow is better than
    // nothing.
    if (imp_dnnl_kernel_is_slow(name) && imp_dnnl_has_fast_kernels()) {
        char text[160];
        snprintf(text, sizeof text, "oneDNN has only its slow \"%s\" for pass %d", name,
                 (int)op->pass);
        imp_build_fail(e, IMP_INTERNAL, text);
        dnnl_primitive_desc_destroy(primitive_desc);
        return NULL;
    }
    return primitive_desc;
}

// Adds a block of whole huge pages. The rest of the block before it is lost.
static bool arena_open_new_block(imp_float_arena *arena, size_t bytes)
{
    static const size_t HUGE_PAGE = (size_t)2 << 20;
    // the array of blocks grows by one
    const size_t capacity = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char **blocks = realloc(arena->blocks, (size_t)(arena->count + 1) * sizeof *blocks);
    if (blocks == NULL)
        return false;
    arena->blocks = blocks;
    // imp_floats_alloc() aligns to huge pages
    char *block = (void *)imp_floats_alloc(capacity / sizeof(float));
    if (block == NULL)
        return false;
    blocks[arena->count++] = block;
    arena->used = 0;
    arena->capacity = capacity;
    return true;
}

// Hands out zeroed floats aligned to a cache line, with 64 bytes between neighbours.
float *imp_build_alloc_floats(imp_executor *e, size_t bytes)
{
    imp_float_arena *arena = &e->arena;
    const size_t rounded = (bytes + 63) / 64 * 64 + 64;
    // open another block if the current one is full
    if (e->status != IMP_OK)
        return NULL;
    if (rounded > arena->capacity - arena->used && !arena_open_new_block(arena, rounded)) {
        imp_build_fail(e, IMP_NO_MEMORY, "out of memory: use a smaller batch");
        return NULL;
    }
    char *floats = arena->blocks[arena->count - 1] + arena->used;
    arena->used += rounded;
    return (float *)(void *)floats;
}

void imp_float_arena_free(imp_float_arena *arena)
{
    for (int i = 0; i < arena->count; i++)
        free(arena->blocks[i]);
    free(arena->blocks);
}

// Stores a memory so that it is destroyed with the executor.
static dnnl_memory_t own_memory_in_executor(imp_executor *e, dnnl_memory_t memory)
{
    // grow by doubling
    if (e->memory_count == e->memory_capacity) {
        const int capacity = e->memory_capacity == 0 ? 64 : 2 * e->memory_capacity;
        dnnl_memory_t *grown = realloc(e->memories, (size_t)capacity * sizeof(dnnl_memory_t));
        if (grown == NULL) {
            imp_build_fail(e, IMP_NO_MEMORY, "out of memory");
            dnnl_memory_destroy(memory);
            return NULL;
        }
        e->memories = grown;
        e->memory_capacity = capacity;
    }
    e->memories[e->memory_count++] = memory;
    return memory;
}

// floats == NULL: the memory gets its own buffer.
dnnl_memory_t imp_build_memory(imp_executor *e, imp_dnnl_layout layout, float *floats)
{
    dnnl_memory_t memory = NULL;
    // allocate the floats first: a memory only refers to them
    if (floats == NULL)
        floats = imp_build_alloc_floats(e, dnnl_memory_desc_get_size(layout));
    if (floats == NULL ||
        !fail_unless_dnnl_success(e, dnnl_memory_create(&memory, layout, e->engine, floats),
                                  "make a memory"))
        return NULL;
    return own_memory_in_executor(e, memory);
}

dnnl_memory_t imp_build_plain_memory(imp_executor *e, int rank, const int64_t *dims, float *floats)
{
    dnnl_memory_t memory = NULL;
    // the size follows from the dimensions
    size_t bytes = sizeof(float);
    for (int i = 0; i < rank; i++)
        bytes *= (size_t)dims[i];
    if (floats == NULL)
        floats = imp_build_alloc_floats(e, bytes);
    if (floats == NULL ||
        !fail_unless_dnnl_success(
            e, imp_dnnl_create_plain_memory(&memory, e->engine, rank, dims, floats),
            "make a memory"))
        return NULL;
    return own_memory_in_executor(e, memory);
}

// (batch x channels x height x width), or (batch x channels) of a vector.
dnnl_memory_t imp_build_node_memory(imp_executor *e, const imp_graph_node *node, float *floats)
{
    const int64_t dims[4] = {e->def.batch, node->channels, node->height, node->width};
    return imp_build_plain_memory(e, node->flat ? 2 : 4, dims, floats);
}

// Channels are rounded up to whole blocks.
dnnl_memory_t imp_build_node_memory_blocked(imp_executor *e, const imp_graph_node *node)
{
    const int64_t dims[4] = {e->def.batch, node->channels, node->height, node->width};
    const int64_t blocks = (node->channels + IMP_NORM_BLOCK - 1) / IMP_NORM_BLOCK;
    // floats of all blocks, padding included
    const int64_t count = dims[0] * blocks * IMP_NORM_BLOCK * dims[2] * dims[3];
    dnnl_memory_t memory = NULL;
    float *floats = imp_build_alloc_floats(e, (size_t)count * sizeof *floats);
    if (floats == NULL ||
        !fail_unless_dnnl_success(
            e, imp_dnnl_create_blocked_memory(&memory, e->engine, dims, floats), "make a memory"))
        return NULL;
    return own_memory_in_executor(e, memory);
}

// The memory refers to the tensor's values themselves, it is no copy.
dnnl_memory_t imp_build_tensor_memory(imp_executor *e, imp_tensor_role role, float *array,
                                      int64_t first)
{
    const imp_tensor *tensor = imp_graph_find_tensor(e->def.graph, e->building, role);
    // each kind of layer has certain tensors only
    if (tensor == NULL) {
        imp_build_fail(e, IMP_INTERNAL, "has no such tensor");
        return NULL;
    }
    return imp_build_plain_memory(e, tensor->rank, tensor->dims, array + (tensor->offset - first));
}

// Appends a zeroed call; the array grows by doubling, so pointers to earlier calls become invalid.
static imp_kernel_call *append_call(imp_executor *e, imp_kernel_program *program)
{
    if (e->status != IMP_OK)
        return NULL;
    // grow by doubling
    if (program->count == program->capacity) {
        const int capacity = program->capacity == 0 ? 32 : 2 * program->capacity;
        imp_kernel_call *grown = realloc(program->calls, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            imp_build_fail(e, IMP_NO_MEMORY, "out of memory");
            return NULL;
        }
        program->calls = grown;
        program->capacity = capacity;
    }
    imp_kernel_call *call = &program->calls[program->count++];
    memset(call, 0, sizeof *call);
    call->layer = e->building;
    return call;
}

// Creates a primitive and appends its call.
void imp_build_primitive_call(imp_executor *e, imp_kernel_program *program,
                              dnnl_primitive_desc_t primitive_desc, const dnnl_exec_arg_t *args,
                              int count)
{
    imp_kernel_call *call = append_call(e, program);
    if (call == NULL || primitive_desc == NULL)
        return;
    // arguments are copied into the call
    call->kind = IMP_CALL_PRIMITIVE;
    memcpy(call->args, args, (size_t)count * sizeof *args);
    call->arg_count = count;

    // Scratch memory is shared by all calls. Its buffer is allocated when the largest request is
    // known.
    const imp_dnnl_layout scratch = imp_dnnl_desc_layout(primitive_desc, dnnl_query_scratchpad_md);
    const size_t size = scratch == NULL ? 0 : dnnl_memory_desc_get_size(scratch);
    if (size > 0) {
        dnnl_memory_t memory = NULL;
        if (!fail_unless_dnnl_success(
                e, dnnl_memory_create(&memory, scratch, e->engine, DNNL_MEMORY_NONE),
                "make a scratch memory") ||
            own_memory_in_executor(e, memory) == NULL)
            return;
        call->args[call->arg_count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, memory};
        e->scratch_size = size > e->scratch_size ? size : e->scratch_size;
    }
    fail_unless_dnnl_success(e, dnnl_primitive_create(&call->primitive, primitive_desc),
                             "compile it");
}

imp_kernel_call *imp_build_kernel_call(imp_executor *e, imp_kernel_program *program,
                                       imp_kernel_call_kind kind)
{
    imp_kernel_call *call = append_call(e, program);
    if (call != NULL)
        call->kind = kind;
    return call;
}

// An image in plain layout is a matrix (16 channels x pixels) per block; a blocked one holds the
// same as panels of 16 rows. So each block is packed or unpacked on its own. Returns false for
// other layouts.
static bool build_blocked_reorder(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                                  dnnl_memory_t to)
{
    // the two image layouts must be NCHW and NCHW16C, in either order
    const imp_dnnl_image_layout in = imp_dnnl_query_image_layout(imp_dnnl_memory_layout(from)),
                                out = imp_dnnl_query_image_layout(imp_dnnl_memory_layout(to));
    const bool there = in.order == IMP_IMAGE_ORDER_NCHW && out.order == IMP_IMAGE_ORDER_NCHW16C,
               back = in.order == IMP_IMAGE_ORDER_NCHW16C && out.order == IMP_IMAGE_ORDER_NCHW;
    if ((!there && !back) || in.channels % IMP_NORM_BLOCK != 0)
        return false;
    // one call converts all blocks
    imp_kernel_call *call =
        imp_build_kernel_call(e, program, there ? IMP_CALL_PACK : IMP_CALL_UNPACK);
    if (call == NULL)
        return true;
    call->panels = (imp_packed_matrix){IMP_NORM_BLOCK, in.pixels, IMP_NORM_BLOCK};
    // rows: number of matrices; stride: values of one of them
    call->a = imp_dnnl_memory_floats(from);
    call->out = imp_dnnl_memory_floats(to);
    call->rows = (size_t)(in.batch * in.channels / IMP_NORM_BLOCK);
    call->stride_in = call->stride_out = (size_t)(IMP_NORM_BLOCK * in.pixels);
    return true;
}

// Converts by our kernel if possible, else by oneDNN's reorder.
void imp_build_reorder(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                       dnnl_memory_t to)
{
    if (e->status != IMP_OK || build_blocked_reorder(e, program, from, to))
        return;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t primitive_desc = NULL;
    dnnl_status_t code = dnnl_primitive_attr_create(&attr);
    // scratch memory of reorders is shared as well
    if (code == dnnl_success)
        code = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    // a reorder is a primitive like others
    if (code == dnnl_success)
        code = dnnl_reorder_primitive_desc_create(&primitive_desc, imp_dnnl_memory_layout(from),
                                                  e->engine, imp_dnnl_memory_layout(to), e->engine,
                                                  attr);
    if (fail_unless_dnnl_success(e, code, "change a layout")) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        imp_build_primitive_call(e, program, primitive_desc, args, 2);
        if (e->status == IMP_OK)
            program->calls[program->count - 1].copies = true;
    }
    if (primitive_desc != NULL)
        dnnl_primitive_desc_destroy(primitive_desc);
    if (attr != NULL)
        dnnl_primitive_attr_destroy(attr);
}

// No conversion if the layouts are equal.
dnnl_memory_t imp_build_convert_memory(imp_executor *e, imp_kernel_program *program,
                                       dnnl_memory_t memory, imp_dnnl_layout layout)
{
    if (e->status != IMP_OK || dnnl_memory_desc_equal(imp_dnnl_memory_layout(memory), layout))
        return memory;
    dnnl_memory_t copy = imp_build_memory(e, layout, NULL);
    // copied in every run of the program
    imp_build_reorder(e, program, memory, copy);
    return copy;
}

// The memory is only created for comparison if it turns out that none is needed.
dnnl_memory_t imp_build_convert_to_plain(imp_executor *e, imp_kernel_program *program,
                                         dnnl_memory_t memory, const imp_graph_node *node)
{
    dnnl_memory_t plain = imp_build_node_memory(e, node, NULL);
    if (e->status != IMP_OK ||
        dnnl_memory_desc_equal(imp_dnnl_memory_layout(memory), imp_dnnl_memory_layout(plain)))
        return memory;
    imp_build_reorder(e, program, memory, plain);
    return plain;
}

// The buffer of a memory.
float *imp_dnnl_memory_floats(dnnl_memory_t memory)
{
    void *floats = NULL;
    dnnl_memory_get_data_handle(memory, &floats);
    return floats;
}

// Appends an element-wise call. Count and layout are those of `a`; padding is computed too,
// harmlessly.
imp_kernel_call *imp_build_elementwise_call(imp_executor *e, imp_kernel_program *program,
                                            imp_kernel_call_kind kind, dnnl_memory_t out,
                                            dnnl_memory_t a, dnnl_memory_t b)
{
    imp_kernel_call *call = append_call(e, program);
    if (call == NULL)
        return NULL;
    call->kind = kind;
    // pointers to the floats are resolved once, here
    call->a = imp_dnnl_memory_floats(a);
    call->b = b == NULL ? NULL : imp_dnnl_memory_floats(b);
    call->out = imp_dnnl_memory_floats(out);
    call->count = dnnl_memory_desc_get_size(imp_dnnl_memory_layout(a)) / sizeof(float);
    call->parameter = e->def.graph->nodes[e->building].parameter;
    return call;
}

// Whether a layout of the current dense layer's weights is one that our kernel packs.
static bool find_packed_layout(const imp_executor *e, imp_dnnl_layout layout,
                               imp_packed_matrix *out)
{
    const imp_graph_node *node = &e->def.graph->nodes[e->building];
    // only dense weights are matrices
    const int64_t columns = e->def.graph->nodes[node->inputs[0]].channels;
    if (node->kind != IMP_LAYER_DENSE)
        return false;
    *out = (imp_packed_matrix){node->channels, columns,
                               imp_dnnl_packed_width(layout, node->channels, columns)};
    return out->width > 0;
}

// Appends a call that packs or unpacks one matrix.
static void append_pack_call(imp_executor *e, imp_kernel_program *program,
                             imp_kernel_call_kind kind, const imp_packed_matrix *panels,
                             dnnl_memory_t from, dnnl_memory_t to)
{
    imp_kernel_call *call = imp_build_kernel_call(e, program, kind);
    if (call == NULL)
        return;
    call->rows = 1;
    call->panels = *panels;
    call->a = imp_dnnl_memory_floats(from);
    call->out = imp_dnnl_memory_floats(to);
}

// Weights are packed by our kernel if the layout is known to it.
dnnl_memory_t imp_build_convert_weight(imp_executor *e, imp_kernel_program *program,
                                       dnnl_memory_t plain, imp_dnnl_layout layout)
{
    imp_packed_matrix panels;
    if (e->status != IMP_OK || !find_packed_layout(e, layout, &panels))
        return imp_build_convert_memory(e, program, plain, layout);
    dnnl_memory_t copy = imp_build_memory(e, layout, NULL);
    if (copy != NULL)
        append_pack_call(e, program, IMP_CALL_PACK, &panels, plain, copy);
    return copy;
}

// The inverse, for gradients of weights.
void imp_build_unpack_weight(imp_executor *e, imp_kernel_program *program, dnnl_memory_t from,
                             dnnl_memory_t plain)
{
    imp_packed_matrix panels;
    if (e->status != IMP_OK)
        return;
    if (find_packed_layout(e, imp_dnnl_memory_layout(from), &panels))
        append_pack_call(e, program, IMP_CALL_UNPACK, &panels, from, plain);
    else
        imp_build_reorder(e, program, from, plain);
}

void imp_build_copy_rows(imp_executor *e, imp_kernel_program *program, float *out,
                         size_t stride_out, const float *in, size_t stride_in, size_t count,
                         size_t rows)
{
    imp_kernel_call *call = imp_build_kernel_call(e, program, IMP_CALL_COPY_ROWS);
    if (call == NULL)
        return;
    call->a = in;
    call->out = out;
    call->count = count;
    call->rows = rows;
    call->stride_in = stride_in;
    call->stride_out = stride_out;
}
