/*
 * The calibration record: which token recipe was tried on this machine, and whether it held and let
 * ordinary work be done (design 2). %LOCALAPPDATA%\AgentSandbox\calibration.json, written by `agent
 * doctor --calibrate`, read by every command that makes a plan.
 *
 * MUSTs:
 *  1. a record counts for the OS build, the product version and the mode that it was made for, and
 *     for no other: recipes rest on what one build does;
 *  2. it can only choose among the recipes of design 2. The one without calibration (`standard`) is
 *     the loosest of them, so no record, damaged, planted or old, loosens anything;
 *  3. what is read is exactly what format prints, checksum included. Anything else is no record;
 *  4. it counts only when nobody but this user, SYSTEM and Administrators may write it.
 */
#ifndef SBX_CALIBRATION_H
#define SBX_CALIBRATION_H

#include "acldata.h"
#include "policy.h"

#define SBX_CALIBRATION_SCHEMA 1u
#define SBX_CALIBRATION_MAX_BYTES (32u * 1024u)
#define SBX_CALIBRATION_ENTRIES_MAX 8u
#define SBX_CALIBRATION_RECIPES 3u /* strict, isolated, standard */

/* What came of one recipe. Texts are printable ASCII. */
struct sbx_calibration_try {
    enum sbx_token_choice recipe; /* STRICT, ISOLATED or STANDARD */
    bool passed;                  /* every row of it: held, and worked */
    uint32_t rows;                /* that were run, the failed one included */
    char failed[24];              /* the row that ended it; "" when it passed */
    char why[200];                /* of that row; "" when it passed */
};

/* One calibration of one mode. Recipes in the order of the enum, the strictest first. */
struct sbx_calibration_entry {
    char os_build[96]; /* as sbx_platform_name prints it */
    char product_version[32];
    enum sbx_mode mode; /* ELEVATED or UNELEVATED */
    struct sbx_calibration_try tries[SBX_CALIBRATION_RECIPES];
    size_t try_count; /* at least 1; what is looser than one that passed is not tried */
};

/* Plain values, nothing owned. Start with {0}. The newest entry is the last. */
struct sbx_calibration {
    struct sbx_calibration_entry entries[SBX_CALIBRATION_ENTRIES_MAX];
    size_t count;
};

/**
 * Read a record.
 * @param ret overwritten; empty after a failure
 * @return SBX_INVALID with the reason for anything that format does not print
 */
SBX_MUST_CHECK enum sbx_status sbx_calibration_parse(
    const char *text, size_t length_bytes, struct sbx_calibration *ret, struct sbx_error *err);

/**
 * Print a record, checksum included.
 * @param ret_text initialised with a cap of at least SBX_CALIBRATION_MAX_BYTES
 * @return SBX_INVALID for a structure that parse would refuse
 */
SBX_MUST_CHECK enum sbx_status sbx_calibration_format(
    const struct sbx_calibration *calibration, struct sbx_buf *ret_text, struct sbx_error *err);

/** The entry for this build, version and mode (MUST 1); NULL when there is none. */
const struct sbx_calibration_entry *sbx_calibration_find(const struct sbx_calibration *calibration,
    const char *os_build, const char *product_version, enum sbx_mode mode);

/** The strictest recipe that passed; UNSET for NULL or when none did. */
enum sbx_token_choice sbx_calibration_recipe(const struct sbx_calibration_entry *entry);

/**
 * Ordinary work that no recipe of a mode lets be done, so that its failure speaks against none.
 * @param work id of the row, "work.node"
 * @return why, static; NULL: it must work
 */
const char *sbx_calibration_known_limit(const char *work, enum sbx_mode mode);

/** Add an entry at the end; the one it replaces (same build and mode) or the oldest goes. */
void sbx_calibration_put(
    struct sbx_calibration *calibration, const struct sbx_calibration_entry *entry);

/** Copy text, every byte that is not printable ASCII as '?'; cut to fit. */
void sbx_calibration_text(char *ret_text, size_t size_bytes, const char *text);

/**
 * Whoever owns a file or folder of the user's state, or may write in it, and is neither `user` nor
 * SYSTEM nor Administrators. Entries of other types than allow and deny are not understood and
 * count as Everyone.
 * @return borrowed or static; NULL: nobody
 */
const struct sbx_sid *sbx_calibration_other_writer(
    const struct sbx_descriptor *descriptor, const struct sbx_sid *user);

/** MUST 4 for the record's file. @return SBX_UNPROVEN naming the SID */
SBX_MUST_CHECK enum sbx_status sbx_calibration_check_writers(
    const struct sbx_descriptor *descriptor, const struct sbx_sid *user, struct sbx_error *err);

#endif
