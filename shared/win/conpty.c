/* See conpty.h. */
#include "conpty.h"
#include "late.h"

static COORD coord_of(const struct sbx_tty_size *size)
{
    const COORD coord = {(SHORT)size->columns, (SHORT)size->rows};

    return coord;
}

bool sbx_conpty_exists(void)
{
    return sbx_late_create_pseudo_console() && sbx_late_close_pseudo_console();
}

enum sbx_status sbx_conpty_open(const struct sbx_tty_size *size, HANDLE in, HANDLE out,
    struct sbx_conpty *ret_conpty, struct sbx_error *err)
{
    sbx_late_fn_create_pseudo_console create = sbx_late_create_pseudo_console();
    void *handle = NULL;
    enum sbx_status status;
    HRESULT result;

    if (!sbx_conpty_exists()) {
        sbx_fail(err, SBX_UNSUPPORTED, "this system has no pseudo consoles");
        sbx_error_hint(err, "run the command without --tty; pseudo consoles came with Windows 10 "
                            "1809");
        return SBX_UNSUPPORTED;
    }
    result = create(coord_of(size), in, out, 0, &handle);
    if (result < 0 || !handle) {
        status = sbx_fail_hr(err, (uint32_t)result, "pseudo console");
        return status ? status : SBX_OS;
    }
    ret_conpty->handle = handle;
    return SBX_OK;
}

enum sbx_status sbx_conpty_resize(
    const struct sbx_conpty *conpty, const struct sbx_tty_size *size, struct sbx_error *err)
{
    sbx_late_fn_resize_pseudo_console resize = sbx_late_resize_pseudo_console();
    HRESULT result;

    if (!resize)
        return sbx_late_missing(SBX_LATE_resize_pseudo_console, err);
    result = resize(conpty->handle, coord_of(size));
    if (result == (HRESULT)0x80004001) /* E_NOTIMPL */
        return sbx_fail(err, SBX_UNSUPPORTED, "this system does not resize pseudo consoles");
    return result < 0 ? sbx_fail_hr(err, (uint32_t)result, "resize the pseudo console") : SBX_OK;
}

void sbx_conpty_close(struct sbx_conpty *conpty)
{
    sbx_late_fn_close_pseudo_console close = sbx_late_close_pseudo_console();

    if (conpty->handle && close)
        close(conpty->handle);
    conpty->handle = NULL;
}
