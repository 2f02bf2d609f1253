/*
 * Which ledgers there are, and which of them a path or a name means.
 */
#ifndef SBX_AGENT_LEDGERLIST_H
#define SBX_AGENT_LEDGERLIST_H

#include "ledger.h"

/* What one ledger says. */
struct sbx_grant_info {
    char name[48];    /* of the ledger, accepted by sbx_revoke instead of a path */
    char *path;       /* owned; as it was when granted */
    char *capability; /* owned; "" for an object outside all roots */
    uint8_t file_id[16];
    char volume_guid[64]; /* "" where the system gave none */
    size_t objects;       /* that got explicit entries */
    size_t records;       /* lines of the ledger */
    bool is_complete;     /* the last walk was finished */
    bool is_damaged;      /* part of the ledger cannot be read; with no records: nothing */
};

/**
 * List the ledgers, without waiting for anybody.
 * @param ret_infos owned array, sbx_grants_list_free
 */
SBX_MUST_CHECK enum sbx_status sbx_grants_list(const char *state_directory,
    struct sbx_grant_info **ret_infos, size_t *ret_count, struct sbx_error *err);
void sbx_grants_list_free(struct sbx_grant_info *infos, size_t count);

struct sbx_ledger_names {
    char (*items)[SBX_LEDGER_NAME_SIZE]; /* owned array: free() */
    size_t count;
};

/**
 * File names of the ledgers that are meant.
 * @param directory of sbx_ledger_directory
 * @param path_or_name the path of an object (its old one, or where it is now), the name of a
 *        ledger, or NULL for all
 */
SBX_MUST_CHECK enum sbx_status sbx_ledger_names(HANDLE directory, const char *path_or_name,
    struct sbx_ledger_names *ret_names, struct sbx_error *err);

/** Path of the object that a ledger is for, as it was when granted: owned; NULL when unreadable. */
char *sbx_ledger_path(HANDLE directory, const char *name);

/** True for the newest TARGET record of its object: each object counts once. */
bool sbx_ledger_is_last_target(const struct sbx_ledger_records *records, size_t index);

#endif
