/*
 * Stands in for libFuzzer: runs every file of the directories (or files) given as arguments.
 *
 *     fuzz_json [-v] tests/fuzz/corpus/json
 *
 * Prints "N passed, N failed, N skipped" and exits 0 only when nothing failed and something ran.
 * A property that does not hold fails its file; a sanitizer's finding ends the program (-v shows
 * at which file).
 */
/* sigsetjmp, which restores the blocked signals. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>

#include "tests/fuzz/fuzz.h"

/* No input in the tree is near this; a larger one is a mistake. */
#define INPUT_MAX_BYTES (16u << 20)

#ifdef _WIN32
#include <wchar.h>
#define pchar wchar_t
#define P(text) L##text
#define DIRECTORY _WDIR
#define ENTRY struct _wdirent
#define open_dir _wopendir
#define read_dir _wreaddir
#define close_dir _wclosedir
#define open_file _wfopen
#define length_of wcslen
#define compare wcscmp
#define SHOW "%ls"
#define set_jump(buffer) setjmp(buffer)
#define long_jump longjmp
typedef jmp_buf jump_buffer;
#else
#define pchar char
#define P(text) text
#define DIRECTORY DIR
#define ENTRY struct dirent
#define open_dir opendir
#define read_dir readdir
#define close_dir closedir
#define open_file fopen
#define length_of strlen
#define compare strcmp
#define SHOW "%s"
#define set_jump(buffer) sigsetjmp(buffer, 1)
#define long_jump siglongjmp
typedef sigjmp_buf jump_buffer;
#endif

static jump_buffer after_abort;
static unsigned passed, failed, skipped;
static bool verbose;

static void on_abort(int number)
{
    (void)number;
    signal(SIGABRT, on_abort);
    long_jump(after_abort, 1);
}

/* The whole file in a block of exactly its size, so that a sanitizer sees any byte too far. */
__attribute__((noinline)) static uint8_t *read_file(const pchar *path, size_t *ret_size)
{
    FILE *file = open_file(path, P("rb"));
    uint8_t *large = file ? malloc(INPUT_MAX_BYTES) : NULL, *exact = NULL;

    if (large) {
        *ret_size = fread(large, 1, INPUT_MAX_BYTES, file);
        exact = malloc(*ret_size ? *ret_size : 1);
        if (exact)
            memcpy(exact, large, *ret_size);
        if (ferror(file) || !feof(file)) {
            free(exact);
            exact = NULL;
        }
    }
    free(large);
    if (file)
        fclose(file);
    return exact;
}

/* The jump lands here and touches no local that changed after it was set. */
__attribute__((noinline)) static bool survives(const uint8_t *data, size_t size)
{
    if (set_jump(after_abort) != 0)
        return false;
    LLVMFuzzerTestOneInput(data, size);
    return true;
}

/* Written out, because the name has to be known when a sanitizer ends the program. */
static void show(const pchar *path, const char *what)
{
    fprintf(stderr, SHOW ": %s\n", path, what);
    fflush(stderr);
}

static void run_file(const pchar *path)
{
    size_t size = 0;
    uint8_t *data = read_file(path, &size);

    if (verbose)
        show(path, "running");
    if (data && survives(data, size)) {
        passed++;
    } else {
        show(path, data ? "failed" : "cannot be read");
        failed++;
    }
    free(data);
}

static void run_directory(const pchar *path, DIRECTORY *directory)
{
    size_t length = length_of(path);
    ENTRY *entry;

    while ((entry = read_dir(directory)) != NULL) {
        size_t name = length_of(entry->d_name);
        pchar *full;

        if (entry->d_name[0] == '.')
            continue;
        full = malloc((length + name + 2) * sizeof(*full));
        if (!full)
            abort();
        memcpy(full, path, length * sizeof(*full));
        full[length] = '/';
        memcpy(full + length + 1, entry->d_name, (name + 1) * sizeof(*full));
        run_file(full);
        free(full);
    }
}

static int replay(int argc, pchar **argv)
{
    int i;

    signal(SIGABRT, on_abort);
    for (i = 1; i < argc; i++) {
        DIRECTORY *directory;

        if (compare(argv[i], P("-v")) == 0) {
            verbose = true;
            continue;
        }
        directory = open_dir(argv[i]);
        if (!directory) {
            run_file(argv[i]);
            continue;
        }
        run_directory(argv[i], directory);
        close_dir(directory);
    }
    if (!passed && !failed)
        fprintf(stderr, "no inputs; give a directory of the corpus\n");
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#ifdef _WIN32
int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    return replay(argc, argv);
}
#else
int main(int argc, char **argv)
{
    return replay(argc, argv);
}
#endif
