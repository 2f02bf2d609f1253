/*
 * sbx_error: the story of a failure, owned by the caller and passed last.
 *
 * Functions return a small status to branch on; the number from the system, what was being done
 * to which object, and what the user can do about it travel in the struct. Nothing here is
 * global, and nothing below the programs prints.
 */
#ifndef SBX_ERROR_H
#define SBX_ERROR_H

#include "base.h"

/* What a caller may branch on. Anything finer is in the code and the text. */
enum sbx_status {
    SBX_OK = 0,
    SBX_INVALID,     /* input that no rule admits: policy, command line, message */
    SBX_DENIED,      /* refused by policy, or by the system with an access error */
    SBX_NOT_FOUND,   /* the object named does not exist */
    SBX_EXISTS,      /* the object named exists and must not */
    SBX_TIMEOUT,     /* a deadline passed */
    SBX_NOT_SETUP,   /* elevated mode asked for, no current installation */
    SBX_UNSUPPORTED, /* this mode or this system cannot do it */
    SBX_UNPROVEN,    /* the system said yes, but reading back did not show it */
    SBX_CANCELLED,   /* the caller asked to stop */
    SBX_OOM,         /* out of memory */
    SBX_INTERNAL,    /* a bug of ours */
    SBX_OS           /* any other failure reported by the system */
};

/* Which number space sbx_error.code belongs to. */
enum sbx_domain { SBX_DOMAIN_NONE = 0, SBX_DOMAIN_WIN32, SBX_DOMAIN_HRESULT, SBX_DOMAIN_NTSTATUS };

#define SBX_ERROR_CONTEXT_MAX 1024u
#define SBX_ERROR_HINT_MAX 320u

struct sbx_error {
    enum sbx_status status;
    enum sbx_domain domain;
    uint32_t code;
    char context[SBX_ERROR_CONTEXT_MAX]; /* UTF-8, outermost first, "..." when truncated */
    char hint[SBX_ERROR_HINT_MAX];       /* UTF-8, empty when there is nothing to advise */
    const char *file;                    /* static string, shown with --debug only */
    int line;
};

/** Start (or reset) an error struct. Required before the first use of a stack variable. */
void sbx_error_init(struct sbx_error *err);

/*
 * Failure constructors. Each records status, code and text in `err` (NULL is allowed: the status
 * is still returned), replacing what was there, and returns the status, so a failing call is two
 * lines: test, then `status = sbx_fail_...; goto cleanup;`.
 *
 * Text: one line, impersonal, the object in single quotes, no "failed to".
 * The code must be captured on the line right after the call that set it.
 */
#define sbx_fail(err, status, ...) sbx_fail_at(err, __FILE__, __LINE__, status, __VA_ARGS__)
/* code: a Win32 error, from GetLastError() or returned by a registry/Net function. */
#define sbx_fail_win32(err, code, ...) sbx_fail_win32_at(err, __FILE__, __LINE__, code, __VA_ARGS__)
/* code: an HRESULT from COM. */
#define sbx_fail_hr(err, code, ...) sbx_fail_hr_at(err, __FILE__, __LINE__, code, __VA_ARGS__)
/* code: an NTSTATUS from an ntdll function or LSA. */
#define sbx_fail_nt(err, code, ...) sbx_fail_nt_at(err, __FILE__, __LINE__, code, __VA_ARGS__)

#ifdef __clang_analyzer__
/* Tell the analyzer what it cannot see across files: a failure is never SBX_OK. */
#undef sbx_fail
#undef sbx_fail_win32
#undef sbx_fail_hr
#undef sbx_fail_nt
#define sbx_never_ok(call)                                                                         \
    __extension__({                                                                                \
        enum sbx_status sbx_status_ = (call);                                                      \
        if (!sbx_status_)                                                                          \
            __builtin_unreachable();                                                               \
        sbx_status_;                                                                               \
    })
#define sbx_fail(err, status, ...)                                                                 \
    sbx_never_ok(sbx_fail_at(err, __FILE__, __LINE__, status, __VA_ARGS__))
#define sbx_fail_win32(err, code, ...)                                                             \
    sbx_never_ok(sbx_fail_win32_at(err, __FILE__, __LINE__, code, __VA_ARGS__))
#define sbx_fail_hr(err, code, ...)                                                                \
    sbx_never_ok(sbx_fail_hr_at(err, __FILE__, __LINE__, code, __VA_ARGS__))
#define sbx_fail_nt(err, code, ...)                                                                \
    sbx_never_ok(sbx_fail_nt_at(err, __FILE__, __LINE__, code, __VA_ARGS__))
#define sbx_fail_oom(err) sbx_never_ok((sbx_fail_oom)(err))
#endif

enum sbx_status sbx_fail_at(struct sbx_error *err, const char *file, int line,
    enum sbx_status status, const char *format, ...) SBX_PRINTF(5, 6);
enum sbx_status sbx_fail_win32_at(struct sbx_error *err, const char *file, int line, uint32_t code,
    const char *format, ...) SBX_PRINTF(5, 6);
enum sbx_status sbx_fail_hr_at(struct sbx_error *err, const char *file, int line, uint32_t code,
    const char *format, ...) SBX_PRINTF(5, 6);
enum sbx_status sbx_fail_nt_at(struct sbx_error *err, const char *file, int line, uint32_t code,
    const char *format, ...) SBX_PRINTF(5, 6);

/** Out of memory, with a static text (nothing is allocated). */
enum sbx_status(sbx_fail_oom)(struct sbx_error *err);

/** Put "text: " before the context. Call it only where it adds what the caller does not know. */
void sbx_error_context(struct sbx_error *err, const char *format, ...) SBX_PRINTF(2, 3);

/** Set what the user can do next. Keeps an earlier hint: the innermost one knows best. */
void sbx_error_hint(struct sbx_error *err, const char *format, ...) SBX_PRINTF(2, 3);

/** Static lower-case word for a status ("denied"); "unknown" for a value outside the enum. */
const char *sbx_status_name(enum sbx_status status);

/** Static word for a domain: "win32", "hresult", "ntstatus" or "none". */
const char *sbx_domain_name(enum sbx_domain domain);

/**
 * Symbolic name of a system code ("ERROR_ACCESS_DENIED"), or NULL when the table has none.
 * @see https://learn.microsoft.com/windows/win32/debug/system-error-codes
 */
const char *sbx_code_name(enum sbx_domain domain, uint32_t code);

/**
 * Who keeps a program from starting, and what to do about it, for the codes that mean that a policy
 * or a scanner does; NULL for every other code. Static text, a hint.
 * @param code of Win32
 * @see https://learn.microsoft.com/windows/win32/debug/system-error-codes
 *      https://learn.microsoft.com/windows/apps/develop/smart-app-control/overview
 */
const char *sbx_code_blocker(uint32_t code);

/** The status that a system code stands for (5 -> SBX_DENIED); SBX_OS when it has no own one. */
enum sbx_status sbx_code_status(enum sbx_domain domain, uint32_t code);

/**
 * Write "context: ERROR_X (5)" into text, always terminated.
 * @param size_bytes size of text, at least 1
 */
void sbx_error_format(const struct sbx_error *err, char *text, size_t size_bytes);

#endif
