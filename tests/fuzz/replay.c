// Runs a fuzz target over files and folders of them, where libFuzzer is not at hand, and holds
// every reader to the bounds for what comes from outside: memory up to 64 times the input,
// processor time up to 1 s per MB, besides a fixed part.
//
// Allocations are counted by functions that stand in for those of the C library. Sanitizers bring
// their own: with these, only time is bounded, more loosely.
#include <dirent.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

enum { MEMORY_PER_BYTE = 64, MEMORY_FIXED = 4 << 20 };
static const double SECONDS_PER_BYTE = 1e-6, SECONDS_FIXED = 0.5;

static atomic_llong memory, most_memory;

#if defined(__GLIBC__) && !defined(SANITIZED)
enum { SLOWER = 1 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void *counted(void *made)
{
    const long long now = atomic_fetch_add(&memory, (long long)malloc_usable_size(made)) +
                          (long long)malloc_usable_size(made);
    if (now > atomic_load(&most_memory))
        atomic_store(&most_memory, now);
    return made;
}

void *malloc(size_t size)
{
    return counted(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
    return counted(__libc_calloc(number, size));
}

void *realloc(void *old, size_t size)
{
    const long long before = (long long)malloc_usable_size(old);
    void *made = __libc_realloc(old, size);
    if (made != NULL || size == 0)
        atomic_fetch_sub(&memory, before);
    return counted(made);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return counted(__libc_memalign(alignment, size));
}

void free(void *old)
{
    atomic_fetch_sub(&memory, (long long)malloc_usable_size(old));
    __libc_free(old);
}
#else
enum { SLOWER = 20 };
#endif

// Runs the target once; ends the program if it takes too much.
static void run_bounded(const char *path, const uint8_t *data, size_t size)
{
    const long long before = atomic_load(&memory);
    const long long memory_limit = MEMORY_FIXED + MEMORY_PER_BYTE * (long long)size;
    const double time_limit = SLOWER * (SECONDS_FIXED + SECONDS_PER_BYTE * (double)size);
    const clock_t start = clock();
    atomic_store(&most_memory, before);
    LLVMFuzzerTestOneInput(data, size);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    const long long taken = atomic_load(&most_memory) - before;
    printf(": %zu bytes, %.3f s, %lld kB\n", size, seconds, taken / 1000);
    if (taken > memory_limit || seconds > time_limit) {
        fprintf(stderr, "%s takes %lld bytes (limit %lld) and %.3f s (limit %.3f s)\n", path, taken,
                memory_limit, seconds, time_limit);
        exit(1);
    }
}

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    const long size = ftell(file);
    rewind(file);
    // memory of exactly that length, so that a sanitizer sees a byte read too far
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    printf("%s", path);
    fflush(stdout);
    run_bounded(path, data, (size_t)size);
    free(data);
    return 1;
}

static int replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISDIR(info.st_mode))
        return replay_file(path);
    int count = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char inside[4096];
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            count += replay(inside);
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int k = 1; k < argc; k++)
        count += replay(argv[k]);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
