// fma_peak.c: what one core, or several, can do at most: multiply-adds in single precision, as wide
// as the compiler can make them, on numbers that stay in registers. Prints GFLOP/s.
//     cc -O3 -march=native -ffp-contract=fast -pthread fma_peak.c -o fma_peak && ./fma_peak THREADS
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef float wide __attribute__((vector_size(64)));

// enough chains that do not wait for each other to hide how long one step takes
enum { CHAINS = 12, LANES = sizeof(wide) / sizeof(float), STEPS = 10000000, MAX_THREADS = 256 };

static void *work(void *sink)
{
    wide sums[CHAINS] = {0};
    wide a, b;
    for (int i = 0; i < LANES; i++) {
        a[i] = 0.9999F;
        b[i] = 1e-6F * (float)i;
    }
    for (int step = 0; step < STEPS; step++)
        for (int i = 0; i < CHAINS; i++)
            sums[i] = sums[i] * a + b;
    float sum = 0.0F;
    for (int i = 0; i < CHAINS; i++)
        sum += sums[i][i % LANES];
    *(volatile float *)sink = sum;
    return NULL;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    const long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    const int threads = wanted < 1 ? 1 : wanted > MAX_THREADS ? MAX_THREADS : (int)wanted;
    pthread_t others[MAX_THREADS];
    float sinks[MAX_THREADS][16]; // apart, so that no two share a cache line
    const double start = now();
    for (int i = 1; i < threads; i++)
        if (pthread_create(&others[i], NULL, work, sinks[i]) != 0)
            return 1;
    work(sinks[0]);
    for (int i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
    const double flops = 2.0 * LANES * CHAINS * STEPS * threads;
    printf("%.1f\n", 1e-9 * flops / (now() - start));
    return 0;
}
