/* Starting tests/probe/child.c through sbx_spawn, for the tests of the win ring. */
#ifndef SBX_TESTS_CHILD_H
#define SBX_TESTS_CHILD_H

#include "shared/win/spawn.h"

/** Full path of child.exe, which lies beside the running test. Static, UTF-8. */
const char *child_image(void);

/** Directory of the running test: a working directory that exists. Static, UTF-8. */
const char *child_directory(void);

/**
 * A spawn request for `child WORD...`: our environment, no stdio.
 * @param argv borrowed; argv[0] is "child"; the caller sets what it wants to differ
 */
struct sbx_spawn child_request(const char *const *argv, size_t argc);

/** Run it with the given request, collect standard output (at most 1 MiB), return the exit code. */
uint32_t child_run(struct sbx_spawn *spawn, char *ret_output, size_t size_bytes);

#endif
