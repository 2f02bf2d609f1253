/*
 * Files with more than one name, for `grants repair --include-links`.
 *
 * The grant engine never writes to such a file (grants.h, MUST 5), because another name of it may
 * lie where nothing was granted: a command makes a second name of a file of the user's in its
 * root, the next grant hands the file over. What is safe is a file whose every name lies in the
 * root, and that can be shown: a walk of the root notes each name it meets, and when there are as
 * many as the file has, no name is elsewhere.
 *
 * Names can be renamed while they are counted, so one may be met twice. Therefore the file is then
 * opened through each noted name, all at once and without sharing deletion: while these handles
 * are open no name of the file can be renamed or removed, each leads to this very file, and the
 * file has exactly that many. They stay open until it was written.
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/hard-links-and-junctions
 *      https://learn.microsoft.com/windows/win32/fileio/creating-and-opening-files
 */
#ifndef SBX_AGENT_LINKSET_H
#define SBX_AGENT_LINKSET_H

#include "shared/core/policy.h"
#include "shared/win/win.h"

#define SBX_LINKSET_FILES_MAX 500u
#define SBX_LINKSET_NAMES_MAX 64u /* of one file */

struct sbx_linkset_file {
    uint8_t id[16];
    uint32_t links;
    struct sbx_strings names; /* full paths, as they were met */
    const void *level;        /* what the walk passes on there; the same for each name */
    bool is_mixed;            /* names under different entries, or more than are kept */
    bool is_cleared;          /* every name lies in the root, and none can be moved now */
    bool is_written;
    HANDLE *held; /* owned; one per name while is_cleared */
    size_t held_count;
    char reason[120]; /* why it was not cleared */
};

/* Start with {0}. */
struct sbx_linkset {
    struct sbx_linkset_file *files;
    size_t count;
    uint64_t left_out; /* files beyond the cap */
    bool is_writing;   /* the second walk */
};

/**
 * The engine met a name of a file with several that needs its entries.
 * @param handle of the file, as it will be written through
 * @param relative_w below top_path, not NUL-terminated
 * @param level NULL: the name is under entries of its own, which the others are not
 * @param links in: as the handle says; out: 1 when the file may be written
 */
void sbx_linkset_meet(struct sbx_linkset *set, HANDLE handle, const char *top_path,
    const wchar_t *relative_w, size_t cch, const void *level, uint32_t *links);

/** Between the walks: clear what can be cleared, and say why not of the rest. @return how many */
size_t sbx_linkset_hold(struct sbx_linkset *set);

/** Close what is held, and free. {0} does nothing. */
void sbx_linkset_done(struct sbx_linkset *set);

#endif
