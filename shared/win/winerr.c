/* See winerr.h. */
#include "winerr.h"
#include "wstr.h"

#define NO_WIN32_CODE 317u /* ERROR_MR_MID_NOT_FOUND */

uint32_t sbx_winerr_from_nt(uint32_t nt_status)
{
    return RtlNtStatusToDosError((NTSTATUS)nt_status);
}

/* Messages end in ". \r\n" or the like; ours continue or end without. */
static size_t trimmed_cch(const wchar_t *text_w, size_t cch)
{
    while (cch && (text_w[cch - 1] <= L' ' || text_w[cch - 1] == L'.'))
        cch--;
    return cch;
}

static enum sbx_status add_number(
    enum sbx_domain domain, uint32_t code, struct sbx_buf *ret_text, struct sbx_error *err)
{
    if (domain == SBX_DOMAIN_WIN32)
        return sbx_buf_printf(ret_text, err, "win32 %u", (unsigned)code);
    return sbx_buf_printf(ret_text, err, "0x%08X", (unsigned)code);
}

/* The system's sentence for a Win32 code or HRESULT; false when it has none. */
static bool system_text(uint32_t code, char *text, size_t size_bytes)
{
    wchar_t *text_w = NULL;
    /* IGNORE_INSERTS: the texts have %1, and there is nothing to put in. */
    DWORD cch = FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
                                   FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
        NULL, code, 0, (wchar_t *)&text_w, 0, NULL);

    if (!cch || !text_w)
        return false;
    sbx_wstr_display(text_w, trimmed_cch(text_w, cch), text, size_bytes);
    LocalFree(text_w);
    return text[0] != '\0';
}

enum sbx_status sbx_winerr_text(
    enum sbx_domain domain, uint32_t code, struct sbx_buf *ret_text, struct sbx_error *err)
{
    uint32_t asked = domain == SBX_DOMAIN_NTSTATUS ? sbx_winerr_from_nt(code) : code;
    char text[512];

    if (domain == SBX_DOMAIN_NONE ||
        (domain == SBX_DOMAIN_NTSTATUS && (asked == NO_WIN32_CODE || !asked)) ||
        !system_text(asked, text, sizeof(text)))
        return add_number(domain, code, ret_text, err);
    return sbx_buf_puts(ret_text, text, err);
}

enum sbx_status sbx_winerr_describe(
    const struct sbx_error *error, struct sbx_buf *ret_text, struct sbx_error *err)
{
    char text[SBX_ERROR_CONTEXT_MAX + 128];
    enum sbx_status status = SBX_OK;

    sbx_error_format(error, text, sizeof(text));
    status = sbx_buf_puts(ret_text, text, err);
    if (status || error->domain == SBX_DOMAIN_NONE)
        return status;
    if (error->domain == SBX_DOMAIN_NTSTATUS && !sbx_code_name(error->domain, error->code)) {
        uint32_t code = sbx_winerr_from_nt(error->code);
        const char *name = sbx_code_name(SBX_DOMAIN_WIN32, code);

        if (code != NO_WIN32_CODE && code)
            status = name ? sbx_buf_printf(ret_text, err, " = %s (%u)", name, (unsigned)code)
                          : sbx_buf_printf(ret_text, err, " = win32 %u", (unsigned)code);
    }
    if (!status)
        status = sbx_buf_puts(ret_text, ": ", err);
    return status ? status : sbx_winerr_text(error->domain, error->code, ret_text, err);
}
