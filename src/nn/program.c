#include "nn/program.h"

#include "nn/floats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void imp_build_fail(imp_executor *e, imp_status status, const char *what)
{
    if (e->status != IMP_OK)
        return;
    e->status =
        imp_fail(e->err, status, "layer %s: %s", e->def.graph->nodes[e->building].name, what);
}

// Turns a code of oneDNN into a failure; true if all is well.
static bool check(imp_executor *e, dnnl_status_t code, const char *what)
{
    if (code == dnnl_success)
        return e->status == IMP_OK;
    char text[120];
    snprintf(text, sizeof text, "oneDNN cannot %s (code %d)", what, (int)code);
    imp_build_fail(e, code == dnnl_out_of_memory ? IMP_NO_MEMORY : IMP_INTERNAL, text);
    return false;
}

dnnl_primitive_desc_t imp_build_describe(imp_executor *e, const imp_op *op)
{
    if (e->status != IMP_OK)
        return NULL;
    dnnl_primitive_desc_t description = NULL;
    if (!check(e, imp_op_describe(&description, op), "compute it"))
        return NULL;
    const char *name = "";
    dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
    // oneDNN falls back in silence to plain loops that are hundreds of times slower. Where it has
    // better, that is a mistake in our layouts; elsewhere slow is better than nothing.
    if (imp_kernel_is_slow(name) && imp_dnnl_is_fast()) {
        char text[160];
        snprintf(text, sizeof text, "oneDNN has only its slow \"%s\" for pass %d", name,
                 (int)op->pass);
        imp_build_fail(e, IMP_INTERNAL, text);
        dnnl_primitive_desc_destroy(description);
        return NULL;
    }
    return description;
}

static bool add_block(imp_arena *arena, size_t bytes)
{
    static const size_t HUGE_PAGE = (size_t)2 << 20;
    const size_t capacity = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char **blocks = realloc(arena->blocks, (size_t)(arena->count + 1) * sizeof *blocks);
    if (blocks == NULL)
        return false;
    arena->blocks = blocks;
    char *block = (void *)imp_floats(capacity / sizeof(float));
    if (block == NULL)
        return false;
    blocks[arena->count++] = block;
    arena->used = 0;
    arena->capacity = capacity;
    return true;
}

float *imp_build_floats(imp_executor *e, size_t bytes)
{
    imp_arena *arena = &e->arena;
    const size_t rounded = (bytes + 63) / 64 * 64 + 64;
    if (e->status != IMP_OK)
        return NULL;
    if (rounded > arena->capacity - arena->used && !add_block(arena, rounded)) {
        imp_build_fail(e, IMP_NO_MEMORY, "out of memory: use a smaller batch");
        return NULL;
    }
    char *floats = arena->blocks[arena->count - 1] + arena->used;
    arena->used += rounded;
    return (float *)(void *)floats;
}

void imp_arena_free(imp_arena *arena)
{
    for (int i = 0; i < arena->count; i++)
        free(arena->blocks[i]);
    free(arena->blocks);
}

// Keeps a memory until the executor goes.
static dnnl_memory_t keep_memory(imp_executor *e, dnnl_memory_t memory)
{
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

dnnl_memory_t imp_build_memory(imp_executor *e, imp_layout layout, float *floats)
{
    dnnl_memory_t memory = NULL;
    if (floats == NULL)
        floats = imp_build_floats(e, dnnl_memory_desc_get_size(layout));
    if (floats == NULL ||
        !check(e, dnnl_memory_create(&memory, layout, e->engine, floats), "make a memory"))
        return NULL;
    return keep_memory(e, memory);
}

dnnl_memory_t imp_build_plain(imp_executor *e, int rank, const int64_t *dims, float *floats)
{
    dnnl_memory_t memory = NULL;
    size_t bytes = sizeof(float);
    for (int i = 0; i < rank; i++)
        bytes *= (size_t)dims[i];
    if (floats == NULL)
        floats = imp_build_floats(e, bytes);
    if (floats == NULL ||
        !check(e, imp_plain_memory(&memory, e->engine, rank, dims, floats), "make a memory"))
        return NULL;
    return keep_memory(e, memory);
}

dnnl_memory_t imp_build_node_plain(imp_executor *e, const imp_node *node, float *floats)
{
    const int64_t dims[4] = {e->def.batch, node->channels, node->height, node->width};
    return imp_build_plain(e, node->flat ? 2 : 4, dims, floats);
}

dnnl_memory_t imp_build_node_blocks(imp_executor *e, const imp_node *node)
{
    const int64_t dims[4] = {e->def.batch, node->channels, node->height, node->width};
    const int64_t blocks = (node->channels + IMP_NORM_BLOCK - 1) / IMP_NORM_BLOCK;
    const int64_t count = dims[0] * blocks * IMP_NORM_BLOCK * dims[2] * dims[3];
    dnnl_memory_t memory = NULL;
    float *floats = imp_build_floats(e, (size_t)count * sizeof *floats);
    if (floats == NULL ||
        !check(e, imp_blocks_memory(&memory, e->engine, dims, floats), "make a memory"))
        return NULL;
    return keep_memory(e, memory);
}

dnnl_memory_t imp_build_tensor(imp_executor *e, imp_tensor_role role, float *array, int64_t first)
{
    const imp_tensor *tensor = imp_graph_tensor(e->def.graph, e->building, role);
    if (tensor == NULL) {
        imp_build_fail(e, IMP_INTERNAL, "has no such tensor");
        return NULL;
    }
    return imp_build_plain(e, tensor->rank, tensor->dims, array + (tensor->offset - first));
}

static imp_call *add_call(imp_executor *e, imp_program *program)
{
    if (e->status != IMP_OK)
        return NULL;
    if (program->count == program->capacity) {
        const int capacity = program->capacity == 0 ? 32 : 2 * program->capacity;
        imp_call *grown = realloc(program->calls, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            imp_build_fail(e, IMP_NO_MEMORY, "out of memory");
            return NULL;
        }
        program->calls = grown;
        program->capacity = capacity;
    }
    imp_call *call = &program->calls[program->count++];
    memset(call, 0, sizeof *call);
    call->layer = e->building;
    return call;
}

void imp_build_call(imp_executor *e, imp_program *program, dnnl_primitive_desc_t description,
                    const dnnl_exec_arg_t *args, int count)
{
    imp_call *call = add_call(e, program);
    if (call == NULL || description == NULL)
        return;
    call->kind = IMP_CALL_PRIMITIVE;
    memcpy(call->args, args, (size_t)count * sizeof *args);
    call->arg_count = count;

    // scratch memory is shared by all calls: its floats are allocated when the largest wish is
    // known
    const imp_layout scratch = imp_op_layout(description, dnnl_query_scratchpad_md);
    const size_t size = scratch == NULL ? 0 : dnnl_memory_desc_get_size(scratch);
    if (size > 0) {
        dnnl_memory_t memory = NULL;
        if (!check(e, dnnl_memory_create(&memory, scratch, e->engine, DNNL_MEMORY_NONE),
                   "make a scratch memory") ||
            keep_memory(e, memory) == NULL)
            return;
        call->args[call->arg_count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, memory};
        e->scratch_size = size > e->scratch_size ? size : e->scratch_size;
    }
    check(e, dnnl_primitive_create(&call->primitive, description), "compile it");
}

imp_call *imp_build_own(imp_executor *e, imp_program *program, imp_call_kind kind)
{
    imp_call *call = add_call(e, program);
    if (call != NULL)
        call->kind = kind;
    return call;
}

// Blocks of 16 channels of a picture are panels of 16 rows: each is turned for itself.
static bool copy_blocks(imp_executor *e, imp_program *program, dnnl_memory_t from, dnnl_memory_t to)
{
    const imp_picture_layout in = imp_layout_picture(imp_memory_layout(from)),
                             out = imp_layout_picture(imp_memory_layout(to));
    const bool there = in.order == IMP_ORDER_PLAIN && out.order == IMP_ORDER_BLOCKS,
               back = in.order == IMP_ORDER_BLOCKS && out.order == IMP_ORDER_PLAIN;
    if ((!there && !back) || in.channels % IMP_NORM_BLOCK != 0)
        return false;
    imp_call *call = imp_build_own(e, program, there ? IMP_CALL_PACK : IMP_CALL_UNPACK);
    if (call == NULL)
        return true;
    call->panels = (imp_panels){IMP_NORM_BLOCK, in.pixels, IMP_NORM_BLOCK};
    call->a = imp_memory_floats(from);
    call->out = imp_memory_floats(to);
    call->rows = (size_t)(in.batch * in.channels / IMP_NORM_BLOCK);
    call->stride_in = call->stride_out = (size_t)(IMP_NORM_BLOCK * in.pixels);
    return true;
}

void imp_build_copy(imp_executor *e, imp_program *program, dnnl_memory_t from, dnnl_memory_t to)
{
    if (e->status != IMP_OK || copy_blocks(e, program, from, to))
        return;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t code = dnnl_primitive_attr_create(&attr);
    if (code == dnnl_success)
        code = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (code == dnnl_success)
        code = dnnl_reorder_primitive_desc_create(&description, imp_memory_layout(from), e->engine,
                                                  imp_memory_layout(to), e->engine, attr);
    if (check(e, code, "change a layout")) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        imp_build_call(e, program, description, args, 2);
    }
    if (description != NULL)
        dnnl_primitive_desc_destroy(description);
    if (attr != NULL)
        dnnl_primitive_attr_destroy(attr);
}

dnnl_memory_t imp_build_convert(imp_executor *e, imp_program *program, dnnl_memory_t memory,
                                imp_layout layout)
{
    if (e->status != IMP_OK || dnnl_memory_desc_equal(imp_memory_layout(memory), layout))
        return memory;
    dnnl_memory_t copy = imp_build_memory(e, layout, NULL);
    imp_build_copy(e, program, memory, copy);
    return copy;
}

dnnl_memory_t imp_build_to_plain(imp_executor *e, imp_program *program, dnnl_memory_t memory,
                                 const imp_node *node)
{
    dnnl_memory_t plain = imp_build_node_plain(e, node, NULL);
    if (e->status != IMP_OK ||
        dnnl_memory_desc_equal(imp_memory_layout(memory), imp_memory_layout(plain)))
        return memory;
    imp_build_copy(e, program, memory, plain);
    return plain;
}

float *imp_memory_floats(dnnl_memory_t memory)
{
    void *floats = NULL;
    dnnl_memory_get_data_handle(memory, &floats);
    return floats;
}

imp_call *imp_build_loop(imp_executor *e, imp_program *program, imp_call_kind kind,
                         dnnl_memory_t out, dnnl_memory_t a, dnnl_memory_t b)
{
    imp_call *call = add_call(e, program);
    if (call == NULL)
        return NULL;
    call->kind = kind;
    call->a = imp_memory_floats(a);
    call->b = b == NULL ? NULL : imp_memory_floats(b);
    call->out = imp_memory_floats(out);
    call->count = dnnl_memory_desc_get_size(imp_memory_layout(a)) / sizeof(float);
    call->parameter = e->def.graph->nodes[e->building].parameter;
    return call;
}

// Whether a layout of the weight under construction is one that we change into ourselves.
static bool find_panels(const imp_executor *e, imp_layout layout, imp_panels *out)
{
    const imp_node *node = &e->def.graph->nodes[e->building];
    const int64_t columns = e->def.graph->nodes[node->inputs[0]].channels;
    if (node->kind != IMP_LAYER_DENSE)
        return false;
    *out =
        (imp_panels){node->channels, columns, imp_layout_panels(layout, node->channels, columns)};
    return out->width > 0;
}

static void add_panels(imp_executor *e, imp_program *program, imp_call_kind kind,
                       const imp_panels *panels, dnnl_memory_t from, dnnl_memory_t to)
{
    imp_call *call = imp_build_own(e, program, kind);
    if (call == NULL)
        return;
    call->rows = 1;
    call->panels = *panels;
    call->a = imp_memory_floats(from);
    call->out = imp_memory_floats(to);
}

dnnl_memory_t imp_build_convert_weight(imp_executor *e, imp_program *program, dnnl_memory_t plain,
                                       imp_layout layout)
{
    imp_panels panels;
    if (e->status != IMP_OK || !find_panels(e, layout, &panels))
        return imp_build_convert(e, program, plain, layout);
    dnnl_memory_t copy = imp_build_memory(e, layout, NULL);
    if (copy != NULL)
        add_panels(e, program, IMP_CALL_PACK, &panels, plain, copy);
    return copy;
}

void imp_build_unpack_weight(imp_executor *e, imp_program *program, dnnl_memory_t from,
                             dnnl_memory_t plain)
{
    imp_panels panels;
    if (e->status != IMP_OK)
        return;
    if (find_panels(e, imp_memory_layout(from), &panels))
        add_panels(e, program, IMP_CALL_UNPACK, &panels, from, plain);
    else
        imp_build_copy(e, program, from, plain);
}

void imp_build_rows(imp_executor *e, imp_program *program, float *out, size_t stride_out,
                    const float *in, size_t stride_in, size_t count, size_t rows)
{
    imp_call *call = imp_build_own(e, program, IMP_CALL_COPY);
    if (call == NULL)
        return;
    call->a = in;
    call->out = out;
    call->count = count;
    call->rows = rows;
    call->stride_in = stride_in;
    call->stride_out = stride_out;
}
