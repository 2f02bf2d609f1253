/*
 * What an agent remembers of having proved the network fence by behaviour: in which boot of the
 * machine, of which installation, as which accounts (design 6: after setup and at the first run
 * after boot). Whatever does not match asks for a new proof; nothing here ever says that a fence
 * holds without one. Boundary B16.
 *
 * A boot is told by two clocks: how long the machine has been up, and the time of day at which it
 * therefore came up. A clock that was set makes the second one jump, which costs a proof; a machine
 * that was started again has been up for less time than before, or came up at another time.
 */
#ifndef SBX_BOOTPROOF_H
#define SBX_BOOTPROOF_H

#include "base.h"
#include "buf.h"
#include "error.h"
#include "ntsid.h"

#define SBX_BOOTPROOF_MAX_BYTES 8192u
#define SBX_BOOTPROOF_ACCOUNTS_MAX 32u
/* The two clocks are not read at the same moment and drift apart; no machine boots within it. */
#define SBX_BOOTPROOF_SLACK_MS 2000u

struct sbx_bootproof {
    uint64_t up_ms;        /* since the machine was started */
    uint64_t started_ms;   /* that moment, since 1970, UTC */
    char installation[65]; /* SHA-256 of the installation record, hexadecimal */
    char accounts[SBX_BOOTPROOF_ACCOUNTS_MAX][SBX_SID_TEXT_SIZE]; /* SIDs that were proved */
    size_t count;
};

/**
 * Whether what was proved then speaks for now: the same boot, the same installation record.
 * @param now its accounts do not matter
 */
bool sbx_bootproof_is_now(const struct sbx_bootproof *then, const struct sbx_bootproof *now);

/** As above, and this account was proved. */
bool sbx_bootproof_holds(
    const struct sbx_bootproof *then, const struct sbx_bootproof *now, const char *account_sid);

/** Add an account; one that is there already, and one too many, add nothing. */
void sbx_bootproof_add(struct sbx_bootproof *proof, const char *account_sid);

/** Append one line of JSON. @return SBX_OOM, SBX_INVALID */
SBX_MUST_CHECK enum sbx_status sbx_bootproof_format(
    const struct sbx_bootproof *proof, struct sbx_buf *ret_text, struct sbx_error *err);

/**
 * Strict: exactly what format writes.
 * @param ret {0}; after a failure {0} again
 * @return SBX_INVALID for anything else; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_bootproof_parse(
    const char *text, size_t length_bytes, struct sbx_bootproof *ret, struct sbx_error *err);

#endif
