/*
 * One shape for every unit program: UNIT_MAIN(name, add_tests) makes main.
 *
 * Prints Check's own summary and exits 0 only when every test passed; tests/run reads the counts.
 * On Windows Check cannot fork, so one program holds one module: a crash costs one module.
 */
#ifndef SBX_TESTS_UNIT_H
#define SBX_TESTS_UNIT_H

/* Check's macros hide an unused-result and format problem of their own on mingw. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#include <check.h>

#include "shared/core/error.h"

/* Check notes the place of every assertion that holds, in a pipe or a file: most of the time of a
 * property test. Its other macros are built on this one, and none leaves the arguments out. */
#undef ck_assert_msg
#define ck_assert_msg(expr, ...)                                                                   \
    ((expr) ? (void)0                                                                              \
            : _ck_assert_failed(__FILE__, __LINE__, "Assertion '" #expr "' failed", __VA_ARGS__))

/** Run one suite; returns the process exit code. */
int unit_run(const char *name, void (*add_tests)(TCase *tcase));

#ifdef _WIN32
/**
 * End the test as a skip: it is counted and its reason printed, and it is no pass. For Windows
 * programs, where Check does not fork: elsewhere the count would be lost with the child.
 */
#define UNIT_SKIP(...)                                                                             \
    do {                                                                                           \
        unit_skip(__func__, __VA_ARGS__);                                                          \
        return;                                                                                    \
    } while (0)
void unit_skip(const char *test, const char *format, ...) SBX_PRINTF(2, 3);
#endif

/** A failing sbx call ends the test with the error's text. */
#define ck_assert_sbx_ok(call, err)                                                                \
    do {                                                                                           \
        enum sbx_status ck_status_ = (call);                                                       \
        if (ck_status_ != SBX_OK) {                                                                \
            char ck_text_[1400];                                                                   \
            sbx_error_format((err), ck_text_, sizeof(ck_text_));                                   \
            ck_abort_msg("%s: %s: %s", #call, sbx_status_name(ck_status_), ck_text_);              \
        }                                                                                          \
    } while (0)

/** Reproducible random numbers for property tests; the seed is printed and read from SBX_SEED. */
uint64_t unit_seed(void);
uint64_t unit_random(uint64_t *state);

#ifdef _WIN32
#define UNIT_MAIN(name, add_tests)                                                                 \
    int wmain(void);                                                                               \
    int wmain(void)                                                                                \
    {                                                                                              \
        return unit_run(name, add_tests);                                                          \
    }
#else
#define UNIT_MAIN(name, add_tests)                                                                 \
    int main(void)                                                                                 \
    {                                                                                              \
        return unit_run(name, add_tests);                                                          \
    }
#endif

#endif
