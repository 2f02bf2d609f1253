/*
 * Protected names (design 4): is this directory entry one of them, in any spelling that Windows
 * or a tool may read as that name?
 *
 * Spelling only. The list says what is looked for, the object behind an entry is judged by its
 * handle (agent/protect.h). A spelling counts when it is the name with
 *  - ASCII letters in any case (a case-sensitive directory can hold ".GIT" beside ".git");
 *  - dots or spaces behind it: Win32 drops them, so the entry ".git." is reached as ".git";
 *  - a stream behind it: ".git::$INDEX_ALLOCATION" is the directory itself;
 *  - or when the entry's 8.3 name is one of these.
 * Case outside ASCII follows the volume's own table and is left to the win ring (utf.h).
 */
#ifndef SBX_PROTECTNAME_H
#define SBX_PROTECTNAME_H

#include "policy.h"
#include "buf.h"

#define SBX_PROTECTNAME_NONE SIZE_MAX

/* How far an entry's spelling is from the name it stands for. */
enum sbx_spelling {
    SBX_SPELLING_PLAIN = 0, /* the name itself, ASCII case aside */
    SBX_SPELLING_TAIL,      /* dots, spaces or a stream behind it */
    SBX_SPELLING_SHORT      /* only the 8.3 name matches */
};

/**
 * Which protected name an entry spells.
 * @param names    as in plan.protected_names
 * @param name_w   long name as the file system gives it, any UTF-16, not terminated
 * @param short_w  8.3 name, or NULL with 0
 * @param ret_spelling may be NULL; set when a name is found
 * @return index into names, or SBX_PROTECTNAME_NONE
 */
size_t sbx_protectname_find(const struct sbx_strings *names, const sbx_char16 *name_w, size_t cch,
    const sbx_char16 *short_w, size_t short_cch, enum sbx_spelling *ret_spelling);

/** The same question for one name in UTF-8. */
bool sbx_protectname_is(const char *name, const sbx_char16 *entry_w, size_t cch);

/**
 * Where an entry is moved: "NAME.quarantined-ID", for attempt > 0 "NAME.quarantined-ID-ATTEMPT".
 * The result is never a protected name itself, whatever NAME is.
 * @param id letters and digits
 * @return SBX_INVALID when it would be longer than a file name can be
 */
SBX_MUST_CHECK enum sbx_status sbx_protectname_quarantine(
    const char *name, const char *id, unsigned attempt, char **ret_name, struct sbx_error *err);

#endif
