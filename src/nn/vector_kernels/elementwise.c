// Loops over values, one by one: sums, products, ReLU and ELU, forward and backward, the
// exponential, and what measures the processor.
#include "nn/vector_kernels/table.h"
#include "nn/vector_kernels/vector.h"

// exp(x) in single precision, the same on every machine. exp(x) = 2^n * exp(r) with n the integer
// nearest to x / ln 2 and |r| <= ln 2 / 2. ln 2 is split into two floats, so that r is exact to the
// last bits. exp(r) is its Taylor polynomial of degree 7, whose remainder is below 2^-26 there.
IMP_ALWAYS_INLINE vector exponential(vector x)
{
    // beyond these, the result is 0 or infinity
    const vector low = vector_splat(-104.0F), high = vector_splat(89.0F);
    // NOLINTNEXTLINE(misc-redundant-expression): false for NaN
    const vector_int number = x == x;
    vector t = vector_select(x < low, low, vector_select(x > high, high, x));
    t = (vector)(number & (vector_int)t);
    // adding and subtracting 1.5 * 2^23 rounds to an integer
    const vector magic = vector_splat(12582912.0F);
    const vector n = vector_multiply_add(t, vector_splat(0x1.715476p+0F), magic) - magic;
    vector r = vector_multiply_add(n, vector_splat(-0x1.62e4p-1F), t);
    r = vector_multiply_add(n, vector_splat(-0x1.7f7d1cp-20F), r);
    static const float COEFFICIENTS[] = {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1, 1};
    vector sum = vector_splat(1.0F / 5040);
    for (int i = 0; i < 7; i++)
        sum = vector_multiply_add(sum, r, vector_splat(COEFFICIENTS[i]));
    // 2^n in two factors, each of which is a float
    const vector_int whole = __builtin_convertvector(n, vector_int), half = whole >> 1;
    const vector_int first = (half + 127) << 23, second = (whole - half + 127) << 23;
    sum = sum * (vector)first * (vector)second;
    return vector_select(number, sum, x);
}

void IMP_KERNEL(exponential)(float *values, size_t count)
{
    size_t i = 0;
    for (; i + VECTOR_LANES <= count; i += VECTOR_LANES)
        vector_store(values + i, exponential(vector_load(values + i)));
    if (i == count)
        return;
    const vector last = exponential(vector_load_part(values + i, count - i));
    memcpy(values + i, &last, (count - i) * sizeof *values);
}

// As many chains as hide how long one multiply-add takes.
void IMP_KERNEL(chain_multiply_adds_at_peak)(float *values, size_t steps)
{
    enum { VECTORS = IMP_PEAK_CHAINS * BLOCK_VECTORS };
    // 32 registers of 4 floats hold 24 chains and the factors; 16 do not hold more than 12
    enum { CHAINS = VECTORS > 12 ? 12 : VECTORS };
    const vector factor = vector_splat(0.5F), term = vector_splat(0x1p-10F);
    for (size_t first = 0; first < VECTORS; first += CHAINS) {
        vector chains[CHAINS];
        IMP_UNROLL
        for (size_t i = 0; i < CHAINS; i++)
            chains[i] = vector_load(values + (first + i) * VECTOR_LANES);
        for (size_t step = 0; step < steps; step++)
            IMP_UNROLL
        for (size_t i = 0; i < CHAINS; i++)
            chains[i] = vector_multiply_add(chains[i], factor, term);
        IMP_UNROLL
        for (size_t i = 0; i < CHAINS; i++)
            vector_store(values + (first + i) * VECTOR_LANES, chains[i]);
    }
}

// One vector of the result.
IMP_ALWAYS_INLINE vector apply_operation_to_vector(imp_elementwise_kind kind, vector a, vector b,
                                                   vector alpha)
{
    switch (kind) {
    case IMP_ELEMENTWISE_ADD:
        return a + b;
    case IMP_ELEMENTWISE_MULTIPLY:
        return a * b;
    case IMP_ELEMENTWISE_RELU:
        return vector_relu(a);
    case IMP_ELEMENTWISE_RELU_GRADIENT:
        return (vector)((b > 0.0F) & (vector_int)a);
    case IMP_ELEMENTWISE_ELU:
        return vector_select(a > 0.0F, a, alpha * (exponential(a) - 1.0F));
    case IMP_ELEMENTWISE_ELU_GRADIENT:
        return vector_select(b > 0.0F, a, a * (b + alpha));
    }
    return a;
}

// All rows; `kind` is a constant, so that each kind has a loop of its own.
IMP_ALWAYS_INLINE void apply_operation_to_rows(const imp_elementwise *e, size_t batch,
                                               imp_elementwise_kind kind)
{
    const size_t count = e->size.width * e->size.channels;
    const vector alpha = vector_splat(e->alpha);
    // operations of one operand read it twice
    const imp_image_view *other = e->b.data == NULL ? &e->a : &e->b;
    for (size_t row = 0; row < batch * e->size.height; row++) {
        const size_t image = row / e->size.height, y = row % e->size.height;
        const float *a = e->a.data + image * e->a.image + y * e->a.row;
        const float *b = other->data + image * other->image + y * other->row;
        float *out = e->out.data + image * e->out.image + y * e->out.row;
        for (size_t i = 0; i < count; i += VECTOR_LANES)
            vector_store(out + i, apply_operation_to_vector(kind, vector_load(a + i),
                                                            vector_load(b + i), alpha));
    }
}

void IMP_KERNEL(elementwise)(const imp_elementwise *e, size_t batch)
{
    switch (e->kind) {
    case IMP_ELEMENTWISE_ADD:
        apply_operation_to_rows(e, batch, IMP_ELEMENTWISE_ADD);
        break;
    case IMP_ELEMENTWISE_MULTIPLY:
        apply_operation_to_rows(e, batch, IMP_ELEMENTWISE_MULTIPLY);
        break;
    case IMP_ELEMENTWISE_RELU:
        apply_operation_to_rows(e, batch, IMP_ELEMENTWISE_RELU);
        break;
    case IMP_ELEMENTWISE_RELU_GRADIENT:
        apply_operation_to_rows(e, batch, IMP_ELEMENTWISE_RELU_GRADIENT);
        break;
    case IMP_ELEMENTWISE_ELU:
        apply_operation_to_rows(e, batch, IMP_ELEMENTWISE_ELU);
        break;
    case IMP_ELEMENTWISE_ELU_GRADIENT:
        apply_operation_to_rows(e, batch, IMP_ELEMENTWISE_ELU_GRADIENT);
        break;
    }
}
