/*
 * Lexical rules for Windows paths, on UTF-8.
 *
 * These rules decide spelling, not identity: two names can still be one file (8.3 names, case
 * outside ASCII, reparse points, hard links, subst). Whoever grants or denies opens the object by
 * handle and compares identities there; this module makes sure that what is opened is spelled in
 * exactly one way, and refuses spellings that Windows rewrites behind our back.
 *
 * Normal form, made only by sbx_winpath_normalise and sbx_winpath_resolve:
 *     C:\a\b                    drive letter upper case
 *     \\server\share\a          \\server\share\ for the root
 *     \\?\Volume{guid}\a        guid in lower case
 * One backslash between components, none at the end except on a volume root, no "." or "..", each
 * component accepted by sbx_winpath_check_component. \\?\C:\a becomes C:\a, \\?\UNC\s\h becomes
 * \\s\h: with no rewritten spelling left in the components both mean the same object.
 * The functions below say "normal" where they expect that form; they never normalise themselves.
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 * @see https://learn.microsoft.com/dotnet/standard/io/file-path-formats
 */
#ifndef SBX_WINPATH_H
#define SBX_WINPATH_H

#include "base.h"
#include "error.h"

#define SBX_WINPATH_MAX_CCH 32766u /* 32,767 with the NUL */
#define SBX_WINPATH_COMPONENT_MAX_CCH 255u

enum sbx_winpath_kind {
    SBX_WINPATH_EMPTY,
    SBX_WINPATH_RELATIVE,       /* a\b */
    SBX_WINPATH_DRIVE_RELATIVE, /* C:a: relative to a hidden per-drive directory */
    SBX_WINPATH_ROOTED,         /* \a: on the current drive */
    SBX_WINPATH_DRIVE,          /* C:\a */
    SBX_WINPATH_UNC,            /* \\server\share\a */
    SBX_WINPATH_VERBATIM_DRIVE, /* \\?\C:\a */
    SBX_WINPATH_VERBATIM_UNC,   /* \\?\UNC\server\share\a */
    SBX_WINPATH_VOLUME,         /* \\?\Volume{guid}\a */
    SBX_WINPATH_GLOBALROOT,     /* \\?\GLOBALROOT\...: any object of the kernel */
    SBX_WINPATH_VERBATIM_OTHER, /* \\?\ and anything else */
    SBX_WINPATH_DEVICE,         /* \\.\ and what Windows reads so: //./, //?/ and mixed slashes */
    SBX_WINPATH_NT              /* \??\ */
};

/** What kind of path this is. Looks at the prefix only; any text is allowed. */
enum sbx_winpath_kind sbx_winpath_classify(const char *path);

/** Words for a message: "drive-relative path". */
const char *sbx_winpath_kind_name(enum sbx_winpath_kind kind);

/**
 * Bring an absolute path into normal form.
 *
 * DRIVE and UNC: '/' becomes '\', repeated separators and "." vanish, ".." is resolved lexically,
 * as Windows does for these kinds. VERBATIM_DRIVE, VERBATIM_UNC and VOLUME are literal to Windows,
 * so '/', ".", ".." and empty components are refused there.
 *
 * @param ret_might_be_short true when a component looks like a generated 8.3 name (PROGRA~1): the
 *        caller must resolve it by handle before comparing names; may be NULL
 * @param ret_path owned, free()
 * @return SBX_INVALID for every other kind, a component that sbx_winpath_check_component refuses,
 *         ".." above the root, ill-formed UTF-8, excess length: the text names path and component.
 *         SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_winpath_normalise(
    const char *path, char **ret_path, bool *ret_might_be_short, struct sbx_error *err);

/**
 * Resolve a path against a base directory: an absolute path alone, RELATIVE below base, ROOTED
 * below the volume root of base. Then as sbx_winpath_normalise.
 * @param base normal
 * @return as sbx_winpath_normalise; DRIVE_RELATIVE is refused (it depends on hidden state)
 */
SBX_MUST_CHECK enum sbx_status sbx_winpath_resolve(const char *base, const char *path,
    char **ret_path, bool *ret_might_be_short, struct sbx_error *err);

/** True when the text is in normal form. Allocates nothing. */
bool sbx_winpath_is_normal(const char *path);

/**
 * Check one component (not "." or "..").
 *
 * Refused: empty; control characters; < > : " / \ | ? * (a colon names a stream); a dot or space
 * at the end (Windows drops it: two spellings); device names CON PRN AUX NUL COM1-9 LPT1-9, with
 * superscript digits too, CONIN$ CONOUT$, also before an extension or trailing spaces ("nul .txt");
 * more than 255 UTF-16 code units; ill-formed UTF-8.
 * @return SBX_INVALID with the reason
 */
SBX_MUST_CHECK enum sbx_status sbx_winpath_check_component(
    const char *name, size_t length_bytes, struct sbx_error *err);

/** True for shares that are no file systems: \\server\pipe\x is a named pipe. */
bool sbx_winpath_is_pipe_share(const char *share, size_t length_bytes);

/** True when the component could be a generated 8.3 name: '~' and a digit, at most 8.3 long. */
bool sbx_winpath_might_be_short(const char *name, size_t length_bytes);

/**
 * True when path is root or lies below it, component by component.
 *
 * Both normal; anything else gives false. ASCII letters compare without case, everything else
 * exactly: `false` can therefore be wrong for names that differ in the case of other letters or
 * by 8.3 names, `true` is never wrong lexically. A deny rule must not rest on `false` alone: it
 * is enforced on the object, by handle.
 */
bool sbx_winpath_is_inside(const char *root, const char *path);

/** True when both are the same path by the comparison above. Both normal. */
bool sbx_winpath_equal(const char *a, const char *b);

/** Compare two single components as above. */
bool sbx_winpath_components_equal(
    const char *a, size_t a_length_bytes, const char *b, size_t b_length_bytes);

/** True for C:\, \\server\share\ and \\?\Volume{guid}\ in normal form. */
bool sbx_winpath_is_volume_root(const char *path);

/** Length in bytes of the volume root at the start of a normal path ("C:\" = 3); 0 if not normal.
 */
size_t sbx_winpath_root_bytes(const char *path);

/**
 * The parent of a normal path.
 * @param ret_parent owned, free(); normal
 * @return SBX_INVALID for a volume root and for a path that is not normal; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_winpath_parent(
    const char *path, char **ret_parent, struct sbx_error *err);

/**
 * A child of a normal directory path.
 * @param name one component
 * @return SBX_INVALID when dir is not normal or name is refused; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_winpath_join(
    const char *dir, const char *name, char **ret_path, struct sbx_error *err);

/** Last component, borrowed from path; "" for a volume root. Normal, or a bare component. */
const char *sbx_winpath_base_name(const char *path);

/** Extension of the last component with its dot, borrowed; "" when there is none (".git" has none).
 */
const char *sbx_winpath_extension(const char *path);

/**
 * Step through the components of a normal path below its root:
 *     at = NULL; while (sbx_winpath_next(path, &at, &length)) ...
 * @param at start of the component, borrowed
 */
bool sbx_winpath_next(const char *path, const char **at, size_t *ret_length_bytes);

#endif
