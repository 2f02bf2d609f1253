/* See unit.h. */
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#ifdef _WIN32
static int skipped;

void unit_skip(const char *test, const char *format, ...)
{
    va_list args;

    skipped++;
    printf("skipped: %s: ", test);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

/* The line that tests/run prefers to Check's own, which knows no skips. */
static void print_skips(int run, int failed)
{
    if (skipped)
        printf("%d passed, %d failed, %d skipped\n", run - failed - skipped, failed, skipped);
}
#else
#define print_skips(run, failed) ((void)(run), (void)(failed))
#endif

int unit_run(const char *name, void (*add_tests)(TCase *tcase))
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    /* Sanitizers and Wine are slow; a real hang is caught by tests/run. */
    tcase_set_timeout(tcase, 120);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    print_skips(srunner_ntests_run(runner), failed);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

uint64_t unit_seed(void)
{
    const char *text = getenv("SBX_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;

    printf("seed: SBX_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

/* splitmix64: small, even, and the same on every platform. */
uint64_t unit_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
