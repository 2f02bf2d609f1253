/*
 * The name of the platform, for results and messages. Never a decision: what a platform enforces
 * is proved on the child, not derived from its name.
 */
#ifndef SBX_PLATFORM_H
#define SBX_PLATFORM_H

#include "win.h"

/** "windows 10.0.19045", "wine 8.0", "ntwine (...)"; always terminated. */
void sbx_platform_name(char *text, size_t size_bytes);

#endif
