// fma_peak.c: what one core, or several, can do at most: multiply-adds in single precision, as wide
// as the compiler can make them, on numbers that stay in registers. Prints GFLOP/s: the best of
// many short moments, for others may use the machine, too. With bf16, the same for products of
// pairs of bfloat16 that are added up in single precision; 0 where the processor has no such
// instruction.
//     cc -O3 -march=native -ffp-contract=fast -pthread fma_peak.c -o fma_peak
//     ./fma_peak THREADS [bf16]
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
enum { WIDTH = 64 };
#elif defined(__AVX__)
enum { WIDTH = 32 };
#else
enum { WIDTH = 16 };
#endif

typedef float wide __attribute__((vector_size(WIDTH)));

#if defined(__AVX512BF16__)
#include <immintrin.h>

static const bool HAS_DOT = true;

static inline wide add_products(wide sum, wide a, wide b)
{
    return (wide)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#else
static const bool HAS_DOT = false;

static inline wide add_products(wide sum, wide a, wide b)
{
    (void)a, (void)b;
    return sum;
}
#endif

// enough chains that do not wait for each other to hide how long one step takes, and few enough for
// 16 registers
enum { CHAINS = 12, LANES = WIDTH / sizeof(float), STEPS = 200000, MOMENTS = 300 };
enum { MAX_THREADS = 256 };

typedef struct worker {
    pthread_t thread;
    bool dots;
    double best; // GFLOP/s
    float sink;
} worker;

static double clock_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *measure_peak(void *context)
{
    worker *w = context;
    wide sums[CHAINS], a, b;
    for (int i = 0; i < LANES; i++) {
        // their lower halves are zero, so that pairs of bfloat16 are harmless numbers, too
        a[i] = 0.5F;
        b[i] = 0x1p-20F * (float)(i + 1);
        // no two alike: a compiler computes equal chains once
        for (int k = 0; k < CHAINS; k++)
            sums[k][i] = (float)(k + 1);
    }
    for (int moment = 0; moment < MOMENTS; moment++) {
        const double start = clock_seconds();
        if (w->dots)
            for (int step = 0; step < STEPS; step++)
                for (int i = 0; i < CHAINS; i++)
                    sums[i] = add_products(sums[i], a, b);
        else
            for (int step = 0; step < STEPS; step++)
                for (int i = 0; i < CHAINS; i++)
                    sums[i] = sums[i] * a + b;
        const double products = w->dots ? 2.0 * LANES : LANES;
        const double rate = 2e-9 * products * CHAINS * STEPS / (clock_seconds() - start);
        w->best = rate > w->best ? rate : w->best;
    }
    for (int i = 0; i < CHAINS; i++)
        w->sink += sums[i][i % LANES];
    return NULL;
}

int main(int argc, char **argv)
{
    const long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    const int threads = wanted < 1 ? 1 : wanted > MAX_THREADS ? MAX_THREADS : (int)wanted;
    const bool dots = argc > 2 && strcmp(argv[2], "bf16") == 0;
    if (dots && !HAS_DOT) {
        printf("0\n");
        return 0;
    }
    static worker workers[MAX_THREADS];
    for (int i = 0; i < threads; i++)
        workers[i].dots = dots;
    for (int i = 1; i < threads; i++)
        if (pthread_create(&workers[i].thread, NULL, measure_peak, &workers[i]) != 0)
            return 1;
    measure_peak(&workers[0]);
    double sum = workers[0].best;
    for (int i = 1; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        sum += workers[i].best;
    }
    // printed, the sinks cannot be left out
    for (int i = 0; i < threads; i++)
        if (workers[i].sink < 0.0F)
            return 1;
    printf("%.1f\n", sum);
    return 0;
}
