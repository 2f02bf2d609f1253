/* See error.h. */
#include "error.h"
#include "utf.h"

#include <stdarg.h>
#include <stdio.h>

void sbx_error_init(struct sbx_error *err)
{
    if (err)
        memset(err, 0, sizeof(*err));
}

/* End a full text with "...", without leaving half a character before it. */
static void mark_cut(char *text, size_t size_bytes)
{
    size_t keep = sbx_utf8_valid_bytes(text, size_bytes - 4);

    memcpy(text + keep, "...", 4);
}

/* vsnprintf that always terminates and marks what it had to cut. */
static void format_bounded(char *text, size_t size_bytes, const char *format, va_list args)
{
    int n = vsnprintf(text, size_bytes, format, args);

    if (n < 0)
        text[0] = '\0';
    else if ((size_t)n >= size_bytes && size_bytes > 4)
        mark_cut(text, size_bytes);
}

struct place {
    const char *file;
    int line;
};

static enum sbx_status record(struct sbx_error *err, struct place place, enum sbx_status status,
    enum sbx_domain domain, uint32_t code, const char *format, va_list args)
{
    if (!err)
        return status;
    sbx_error_init(err);
    err->status = status;
    err->domain = domain;
    err->code = code;
    err->file = place.file;
    err->line = place.line;
    format_bounded(err->context, sizeof(err->context), format, args);
    return status;
}

enum sbx_status sbx_fail_at(struct sbx_error *err, const char *file, int line,
    enum sbx_status status, const char *format, ...)
{
    struct place place = {file, line};
    va_list args;

    va_start(args, format);
    status = record(err, place, status, SBX_DOMAIN_NONE, 0, format, args);
    va_end(args);
    return status;
}

/* A failing call that left no code must not look like success. */
static enum sbx_status status_of(enum sbx_domain domain, uint32_t code)
{
    enum sbx_status status = sbx_code_status(domain, code);

    return status == SBX_OK ? SBX_INTERNAL : status;
}

enum sbx_status sbx_fail_win32_at(
    struct sbx_error *err, const char *file, int line, uint32_t code, const char *format, ...)
{
    struct place place = {file, line};
    enum sbx_status status = status_of(SBX_DOMAIN_WIN32, code);
    va_list args;

    va_start(args, format);
    status = record(err, place, status, SBX_DOMAIN_WIN32, code, format, args);
    va_end(args);
    return status;
}

enum sbx_status sbx_fail_hr_at(
    struct sbx_error *err, const char *file, int line, uint32_t code, const char *format, ...)
{
    struct place place = {file, line};
    enum sbx_status status = status_of(SBX_DOMAIN_HRESULT, code);
    va_list args;

    va_start(args, format);
    status = record(err, place, status, SBX_DOMAIN_HRESULT, code, format, args);
    va_end(args);
    return status;
}

enum sbx_status sbx_fail_nt_at(
    struct sbx_error *err, const char *file, int line, uint32_t code, const char *format, ...)
{
    struct place place = {file, line};
    enum sbx_status status = status_of(SBX_DOMAIN_NTSTATUS, code);
    va_list args;

    va_start(args, format);
    status = record(err, place, status, SBX_DOMAIN_NTSTATUS, code, format, args);
    va_end(args);
    return status;
}

enum sbx_status(sbx_fail_oom)(struct sbx_error *err)
{
    static const char text[] = "out of memory";

    if (err) {
        sbx_error_init(err);
        err->status = SBX_OOM;
        memcpy(err->context, text, sizeof(text));
    }
    return SBX_OOM;
}

void sbx_error_context(struct sbx_error *err, const char *format, ...)
{
    char text[SBX_ERROR_CONTEXT_MAX];
    char joined[SBX_ERROR_CONTEXT_MAX];
    va_list args;
    int n;

    if (!err)
        return;
    va_start(args, format);
    format_bounded(text, sizeof(text), format, args);
    va_end(args);
    n = snprintf(joined, sizeof(joined), "%s: %s", text, err->context);
    if (n < 0)
        return;
    if ((size_t)n >= sizeof(joined))
        mark_cut(joined, sizeof(joined));
    memcpy(err->context, joined, sizeof(joined));
}

void sbx_error_hint(struct sbx_error *err, const char *format, ...)
{
    va_list args;

    if (!err || err->hint[0])
        return;
    va_start(args, format);
    format_bounded(err->hint, sizeof(err->hint), format, args);
    va_end(args);
}

const char *sbx_status_name(enum sbx_status status)
{
    static const char *const names[] = {"ok", "invalid", "denied", "not-found", "exists", "timeout",
        "not-setup", "unsupported", "unproven", "cancelled", "out-of-memory", "internal", "os"};

    return (size_t)status < countof(names) ? names[status] : "unknown";
}

const char *sbx_domain_name(enum sbx_domain domain)
{
    static const char *const names[] = {"none", "win32", "hresult", "ntstatus"};

    return (size_t)domain < countof(names) ? names[domain] : "none";
}

void sbx_error_format(const struct sbx_error *err, char *text, size_t size_bytes)
{
    const char *name = sbx_code_name(err->domain, err->code);

    if (err->domain == SBX_DOMAIN_NONE)
        snprintf(text, size_bytes, "%s", err->context);
    else if (name && err->domain == SBX_DOMAIN_WIN32)
        snprintf(text, size_bytes, "%s: %s (%u)", err->context, name, (unsigned)err->code);
    else if (name)
        snprintf(text, size_bytes, "%s: %s (0x%08X)", err->context, name, (unsigned)err->code);
    else
        snprintf(text, size_bytes, err->domain == SBX_DOMAIN_WIN32 ? "%s: %s %u" : "%s: %s 0x%08X",
            err->context, sbx_domain_name(err->domain), (unsigned)err->code);
}
