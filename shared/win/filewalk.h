/*
 * A directory tree by handles: depth first, parents before children, no recursion on our stack,
 * no reparse point ever entered.
 *
 * Each directory is opened relative to its parent's handle and checked (file.h). Entries are
 * offered with the parent's handle and their exact UTF-16 name, so the visitor can open them the
 * same way. A directory that cannot be read is a problem reported for that directory; the walk
 * goes on with its siblings.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winbase/ns-winbase-file_id_both_dir_info
 */
#ifndef SBX_FILEWALK_H
#define SBX_FILEWALK_H

#include "win.h"
#include "../core/error.h"

enum sbx_filewalk_next {
    SBX_WALK_ON,   /* go on; enter the entry if it is a directory */
    SBX_WALK_SKIP, /* go on, but do not enter this directory */
    SBX_WALK_STOP  /* end the walk with SBX_CANCELLED */
};

struct sbx_filewalk_entry {
    HANDLE parent;         /* borrowed; the directory the entry is in */
    const wchar_t *name_w; /* exactly as the file system gives it, terminated */
    size_t name_cch;
    const wchar_t *short_w;    /* 8.3 name, not terminated; valid during the visit */
    size_t short_cch;          /* 0: it has none */
    const wchar_t *relative_w; /* path from the root of the walk, with the name, terminated */
    size_t relative_cch;
    size_t depth; /* 0 = directly in the root */
    DWORD attributes;
    DWORD reparse_tag; /* 0 unless a reparse point; such an entry is never entered */
    uint64_t size_bytes;
    uint64_t created;  /* FILETIME as one number; a program can set it to anything */
    uint64_t file_id;  /* 64-bit; 0 where the file system has none */
    void *parent_data; /* what the visitor set for the parent directory (root: root_data) */
    /* Outputs of the visitor, for a directory only: */
    void *data;       /* becomes parent_data of its children and is passed to `leave` */
    HANDLE directory; /* if set: taken and used for reading instead of opening the name again;
                         must be of this very entry, with FILE_LIST_DIRECTORY, synchronous */
};

struct sbx_filewalk {
    void *context;
    void *root_data;
    /** Called for each entry but "." and "..". A failure is reported through `problem`. */
    enum sbx_filewalk_next (*visit)(void *context, struct sbx_filewalk_entry *entry);
    /** May be NULL. After the last child of a directory, also when the walk ends early. */
    void (*leave)(void *context, void *data);
    /** May be NULL: a directory that could not be opened or read. Return false to end the walk. */
    bool (*problem)(
        void *context, const wchar_t *relative_w, size_t cch, const struct sbx_error *error);
    const volatile LONG *cancel; /* may be NULL; nonzero ends the walk before the next entry */
    uint64_t max_entries;        /* 0 = no limit */
    size_t max_depth;            /* 0 = 256 directories deep; each one costs a handle and 16 KiB */
};

/**
 * Walk everything below an open directory.
 * @param root opened with FILE_LIST_DIRECTORY and SYNCHRONIZE; borrowed; its position is used
 * @param ret_entries may be NULL: entries visited, also set after a failure
 * @return SBX_CANCELLED (visitor, problem handler or cancel flag); SBX_INVALID when a limit was
 *         reached; the error of the root directory when that cannot be read; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_filewalk_run(
    HANDLE root, const struct sbx_filewalk *walk, uint64_t *ret_entries, struct sbx_error *err);

#endif
