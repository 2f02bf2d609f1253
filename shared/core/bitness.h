/*
 * What a 32-bit build may do on a 64-bit Windows, as a decision on facts. Pure.
 *
 * There the system shows it another System32 and starts 64-bit programs beside it whose memory it
 * cannot address: standard handles and desktop of such a child cannot be read back, and a child
 * that is not proved does not run. An installation made by that build would refuse nearly every
 * program of the machine, so it makes none; what is there can be removed by either build.
 */
#ifndef SBX_BITNESS_H
#define SBX_BITNESS_H

#include "error.h"

/* "wow64": a 32-bit program on a 64-bit Windows (IsWow64Process). */

/**
 * May this build set an installation up, or put one right?
 * @return SBX_UNSUPPORTED with the build that can
 */
SBX_MUST_CHECK enum sbx_status sbx_bitness_check_setup(bool own_wow64, struct sbx_error *err);

/**
 * Can this build read the parameters of a child? Any build those of its own kind; a 64-bit one
 * those of a 32-bit child, too, by the child's 64-bit block.
 * @param program for the message
 * @return SBX_UNSUPPORTED
 */
SBX_MUST_CHECK enum sbx_status sbx_bitness_check_child(
    bool own_wow64, bool child_wow64, const char *program, struct sbx_error *err);

#endif
